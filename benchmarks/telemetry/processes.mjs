// Processes as they report: all of their series change in each interval.
import { createStore } from "@elpis/telemetry";
import { VALUES } from "./clients.mjs";

export const PROCESSES = 32;
const SERIES = 500;
/** Of these, so many are histograms, and so many gauges. */
const HISTOGRAMS = 60;
const GAUGES = 90;
export const INTERVAL_MS = 5000;

/** A process with as many series, all of which change in each interval. */
function makeProcess(index) {
  const store = createStore({ run: `bench-${index}` });
  const histogram = store.histogram("http.server.request.duration", { unit: "ms" });
  const gauge = store.gauge("pool.size", { merge: "sum" });
  const counter = store.counter("http.server.requests");
  const tags = (at) => ({ method: at & 1 ? "GET" : "POST", route: `/api/orders/${at >> 1}` });
  const histograms = list(HISTOGRAMS, (at) => histogram.bind(tags(at)));
  const gauges = list(GAUGES, (at) => gauge.bind({ pool: `pool-${at}` }));
  const counters = list(SERIES - HISTOGRAMS - GAUGES, (at) => counter.bind(tags(at)));
  let round = 0;
  let seq = 0;
  return {
    source: { app: "bench", name: "web", index, epoch: 1 },
    store,
    work() {
      round++;
      for (const [at, one] of counters.entries()) one.add(1 + ((at * round) % 50));
      for (const [at, one] of gauges.entries()) one.record((at * round) % 17);
      for (const [at, one] of histograms.entries()) {
        for (let count = 0; count < 20; count++) {
          one.record(VALUES[(at * 31 + count * 7 + round) & 1023]);
        }
      }
    },
    collect() {
      const { isCut, ...changes } = store.collect();
      seq++;
      return {
        ...{ v: 1, run: store.run, seq, full: seq === 1, more: isCut },
        ...{ carried: false, attempted: false, final: false },
        ...{ start: store.startTime, time: Date.now(), everyMs: INTERVAL_MS },
        ...changes,
      };
    },
  };
}

export const list = (length, make) => Array.from({ length }, (_, at) => make(at));

/** Thirty-two of them, with five hundred series each. */
export const makeProcesses = () => list(PROCESSES, makeProcess);
