// The application that everybody runs: plain http, without a line about signals, shutdown or readiness.
import http from "node:http";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

const began = Date.now();
const FAST = "fast\n";
const ROUTES = {
  // Takes a while, so that requests are under way whatever happens.
  "/": (_url, response) => setTimeout(() => response.end(String(process.pid)), 20),
  "/fast": (_url, response) => response.end(FAST),
  "/pid": (_url, response) => response.end(String(process.pid)),
  "/times": (_url, response) => response.end(JSON.stringify(times)),
  "/hang": (_url, response) => {
    response.end(String(process.pid));
    response.once("close", () => setTimeout(hang, 20));
  },
  "/log": (url, response) => {
    response.end("ok");
    write(Number(url.searchParams.get("lines")), url.searchParams.get("tag"));
  },
  "/gc": (_url, response) => {
    collectGarbage();
    response.end(String(process.pid));
  },
};

let times;

const server = http.createServer((request, response) => {
  const url = new URL(request.url, "http://localhost");
  const route = ROUTES[url.pathname];
  if (route !== undefined) route(url, response);
  else response.writeHead(404).end();
});
server.listen(Number(process.env.PORT), "127.0.0.1", () => {
  // `timeOrigin` is when the process began; the entry is evaluated after whatever is loaded before it.
  const { user, system } = process.cpuUsage();
  const cpuMs = (user + system) / 1000;
  times = { origin: performance.timeOrigin, entry: began, listening: Date.now(), cpuMs };
});

function hang() {
  for (;;);
}

/** A thousand lines per turn of the event loop: a program that logs much, not one that is blocked. */
function write(lines, tag, from = 0) {
  const to = Math.min(lines, from + 1000);
  for (let i = from; i < to; i++) console.log(`line ${i} of ${tag}: something has happened`);
  if (to < lines) setImmediate(write, lines, tag, to);
  else console.log(`last of ${tag}`);
}

function collectGarbage() {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc");
  for (let i = 0; i < 3; i++) collect();
}
