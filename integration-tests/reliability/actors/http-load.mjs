// Requests at a given rate, whatever becomes of those before: who does not answer gets no pause by it.
import { Agent, get } from "node:http";
import { serve } from "../lib/actor.mjs";
import { signal } from "../lib/kernel.mjs";
import { count, now, pause, percentile } from "../lib/numbers.mjs";

const TURN_MS = 5;
/** A server closes what was idle for 5 s; before that we have closed it. */
const KEPT_MS = 3500;
const MAX_FAILURES = 2000;
const OK = 200;

const RESETS = new Set(["ECONNRESET", "EPIPE"]);

let how;
let timer;
let next = 0;
let seen = fresh();
/** What was asked and is not settled. */
const open = new Set();
const kept = new Agent({ keepAlive: true, maxFreeSockets: 1000, scheduling: "fifo" });

function fresh() {
  return { sent: 0, ok: 0, outcomes: {}, failures: [], took: [], lags: [], pids: {} };
}

function outcomeOf(error) {
  if (error.code === "ECONNREFUSED") return "refused";
  return RESETS.has(error.code) ? "reset" : String(error.code ?? error.message);
}

/** One request, from its beginning to what became of it. */
class Exchange {
  pid;
  began = now();
  /** For how long its connection had been idle; undefined: it is a new one. */
  idleMs;
  #settled;
  /** Resolves when it is settled. */
  over = new Promise((resolve) => {
    this.#settled = resolve;
  });
  #isOver = false;
  #n = String(next++);
  #request;
  #timer;

  constructor(isKept) {
    this.isKept = isKept;
    const { port, path } = how;
    const url = `${path}?n=${this.#n}`;
    const agent = isKept ? kept : false;
    this.#request = get({ host: "127.0.0.1", port, path: url, agent }, (answer) =>
      this.#read(answer),
    );
    this.#request.on("socket", (socket) => {
      // Who has a connection already is known before the answer.
      this.pid = socket.answerer;
      if (socket.restsSince !== undefined) this.idleMs = this.began - socket.restsSince;
      socket.setTimeout(KEPT_MS);
    });
    this.#request.on("error", (error) => this.#settle(outcomeOf(error)));
    this.#timer = setTimeout(() => this.#settle("hung"), how.hungMs);
    open.add(this);
    seen.sent++;
  }

  #read(answer) {
    this.pid = Number(answer.headers["x-pid"]);
    const { socket } = answer;
    socket.answerer = this.pid;
    let text = "";
    answer.setEncoding("latin1");
    answer.on("data", (part) => {
      text += part;
    });
    answer.on("error", (error) => this.#settle(outcomeOf(error)));
    answer.on("end", () => {
      socket.restsSince = now();
      if (answer.statusCode !== OK) this.#settle(`status ${answer.statusCode}`);
      else this.#settle(text === this.#n ? "ok" : "wrong");
    });
  }

  #settle(outcome) {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#settled();
    clearTimeout(this.#timer);
    open.delete(this);
    const ended = now();
    if (outcome === "ok") {
      seen.ok++;
      seen.took.push(ended - this.began);
      count(seen.pids, this.pid);
      return;
    }
    count(seen.outcomes, outcome);
    const { pid, began, isKept, idleMs } = this;
    if (seen.failures.length < MAX_FAILURES)
      seen.failures.push({ outcome, pid, began, ended, isKept, idleMs });
    this.#request.destroy();
  }
}

function begin(options) {
  how = options;
  const began = now();
  let due = 0;
  let last = began;
  timer = setInterval(() => {
    const at = now();
    seen.lags.push(at - last - TURN_MS);
    last = at;
    const wanted = ((at - began) / 1000) * how.rate;
    // Every second one over a connection of its own.
    for (; due < wanted; due++) new Exchange(due % 2 === 0);
  }, TURN_MS);
}

/** What those processes, or one that has not said which it is, have in their hands; then the signal. */
function doom({ pids, signal: name }) {
  const inFlight = [...open].filter(({ pid }) => pid === undefined || pids.includes(pid)).length;
  const at = now();
  for (const pid of pids) signal(pid, name);
  return { at, inFlight };
}

/** What there is to be had at most: each of so many asks again as soon as it is answered. */
async function peak({ askers, forMs, ...options }) {
  how = options;
  const end = now() + forMs;
  const before = seen.ok;
  const go = async (n) => {
    while (now() < end) await new Exchange(n % 2 === 0).over;
  };
  await Promise.all(Array.from({ length: askers }, (_, n) => go(n)));
  const answered = seen.ok - before;
  seen = fresh();
  return answered / (forMs / 1000);
}

serve({
  begin,
  peak,
  doom,
  pids: () => seen.pids,
  /** What was seen since the last look; with `end` nothing more is asked, and what is open is waited for. */
  async report({ end = false } = {}) {
    if (end) {
      clearInterval(timer);
      while (open.size > 0) await pause(TURN_MS);
    }
    const { took, lags, ...rest } = seen;
    seen = fresh();
    const latency = { p50: percentile(took, 0.5), p99: percentile(took, 0.99) };
    return { ...rest, ...latency, max: percentile(took, 1), lag: percentile(lags, 0.99) };
  },
});
