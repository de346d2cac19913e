// What is around the process that is measured: takes whatever is sent over HTTP and UDP, and makes reports of processes.
import { createSocket } from "node:dgram";
import { createServer } from "node:http";
import { makeProcesses } from "./processes.mjs";

const server = createServer((request, response) => {
  request.resume().once("end", () => response.writeHead(200).end("success"));
});
const socket = createSocket("udp4");
socket.on("message", () => {});
server.listen(0, "127.0.0.1", () => {
  socket.bind(0, "127.0.0.1", () => {
    process.send({ http: server.address().port, udp: socket.address().port });
  });
});
const processes = makeProcesses();
process.on("message", () => {
  for (const one of processes) one.work();
  process.send(processes.map((one) => ({ source: one.source, delta: one.collect() })));
});
process.on("disconnect", () => process.exit(0));
