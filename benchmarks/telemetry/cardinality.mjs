// A process of its own: memory before and after a million values of one tag.
import { createStore } from "@elpis/telemetry";

// Until the heap is as large as it gets by making garbage.
const WARM = 200_000;
const COUNT = 1_000_000;

const store = createStore();
const counter = store.counter("requests");
const run = (from, to) => {
  for (let at = from; at < to; at++) counter.add(1, { user: `user-${at}`, method: "GET" });
};
/** What is in use, without what is only not collected yet. */
const heapUsed = () => {
  globalThis.gc();
  return process.memoryUsage().heapUsed;
};

run(0, WARM);
const before = { rss: process.memoryUsage().rss, heap: heapUsed() };
// Collecting gives memory back to the system; so it has to grow again before it is compared.
run(0, WARM);
const { user, system } = process.cpuUsage();
run(WARM, WARM + COUNT);
const used = process.cpuUsage();
const after = { rss: process.memoryUsage().rss, heap: heapUsed() };
const points = store.readPoints({ names: ["requests"] });
console.log(
  JSON.stringify({
    rssGrowthMiB: (after.rss - before.rss) / 2 ** 20,
    heapGrowthMiB: (after.heap - before.heap) / 2 ** 20,
    nanosecondsEach: ((used.user + used.system - user - system) * 1000) / COUNT,
    series: points.length,
    isWhole: points.reduce((sum, { value }) => sum + value, 0) === 2 * WARM + COUNT,
  }),
);
