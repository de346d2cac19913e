// Makes requests at a fixed rate whatever becomes of them, until it is told to stop; then waits for what is open, and
// tells what became of each. One argument, JSON: { port, rate, keepAlive, path }.
import http from "node:http";
import { percentile } from "../../lib/stats.mjs";

const UNANSWERED_MS = 10_000;
const { port, rate, keepAlive, path = "/" } = JSON.parse(process.argv[2]);
// Oldest first, so that every connection is used again and again and none is left to expire.
const agent = new http.Agent({
  keepAlive,
  scheduling: "fifo",
  maxSockets: keepAlive ? 64 : Infinity,
});
const result = {
  sent: 0,
  ok: 0,
  failed: 0,
  failures: {},
  onReused: 0,
  firstSeen: {},
  lastSeen: {},
};
const latencies = [];
let open = 0;
let isOver = false;

function settle(reason, began, isReused) {
  open--;
  if (reason === undefined) {
    result.ok++;
    latencies.push(performance.now() - began);
  } else {
    result.failed++;
    result.failures[reason] = (result.failures[reason] ?? 0) + 1;
    if (isReused) result.onReused++;
  }
  if (isOver && open === 0) finish();
}

function send() {
  const began = performance.now();
  result.sent++;
  open++;
  const request = http.get({ host: "127.0.0.1", port, path, agent });
  let isSettled = false;
  const once = (reason) => {
    if (isSettled) return;
    isSettled = true;
    clearTimeout(timer);
    settle(reason, began, request.reusedSocket);
  };
  const timer = setTimeout(() => {
    once("unanswered");
    request.destroy();
  }, UNANSWERED_MS);
  request.on("error", (error) => once(error.code ?? error.message));
  request.on("response", (response) => read(response, once));
}

function read(response, once) {
  let text = "";
  response.setEncoding("utf8").on("data", (piece) => {
    text += piece;
  });
  response.on("error", (error) => once(error.code ?? error.message));
  response.on("end", () => {
    if (response.statusCode !== 200) return once(`status ${response.statusCode}`);
    const now = Date.now();
    result.firstSeen[text] ??= now;
    result.lastSeen[text] = now;
    once();
  });
}

function finish() {
  latencies.sort((a, b) => a - b);
  const [p50, p99] = [0.5, 0.99].map((share) => percentile(latencies, share));
  process.send({ ...result, p50, p99, max: latencies.at(-1) }, () => process.exit(0));
}

const began = performance.now();
const pace = setInterval(() => {
  const due = Math.floor(((performance.now() - began) * rate) / 1000);
  while (result.sent < due) send();
}, 2);

process.on("message", () => {
  clearInterval(pace);
  isOver = true;
  if (open === 0) finish();
});
process.on("disconnect", () => process.exit(0));
