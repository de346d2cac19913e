// node:cluster as its documentation shows it: the primary shares the port, and forks again whenever a worker is gone.
// Arguments: entry, number of workers. Asked over the channel, it tells who its workers are.
import cluster from "node:cluster";

const [entry, count] = process.argv.slice(2);
cluster.setupPrimary({ exec: entry });
for (let i = 0; i < Number(count); i++) cluster.fork();
cluster.on("exit", () => cluster.fork());
process.on("message", () => {
  process.send(Object.values(cluster.workers).map((worker) => worker.process.pid));
});
process.on("disconnect", () => process.exit(0));
