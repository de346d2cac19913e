// A process of its own: what a histogram costs while somebody traces, and what is said of the traces.
import { AsyncLocalStorage } from "node:async_hooks";
import { createStore, provideActiveTrace } from "@elpis/telemetry";
import { Packr } from "msgpackr";
import { median } from "../lib/stats.mjs";

const CALLS = 200_000;
const REPS = Number(process.argv[2] ?? 25);
const SERIES = 60;

/** Durations as they come, in milliseconds. */
const VALUES = Float64Array.from({ length: 1024 }, (_, at) => Math.exp(((at * 7919) % 1024) / 128));
const TRACE = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };

const store = createStore();
const duration = store.histogram("duration", { unit: "ms" }).bind({ route: "/orders/:id" });
const usual = (at) => duration.record(VALUES[at & 1023]);
let slowest = 1;
/** Each is slower than the one before, so that each is kept. */
const rising = () => {
  slowest *= 1.000001;
  duration.record(slowest);
};

/** Nanoseconds of processor time for one call; each repetition is an interval of its own. */
function measure(action) {
  const samples = [];
  for (let rep = -5; rep < REPS; rep++) {
    const before = process.cpuUsage();
    for (let at = 0; at < CALLS; at++) action(at);
    const { user, system } = process.cpuUsage(before);
    if (rep >= 0) samples.push(((user + system) * 1000) / CALLS);
    store.collect();
    slowest = 1;
  }
  return median(samples);
}

/** Bytes of a delta in which all series have as many exemplars as they can. */
function deltaBytes() {
  const sizes = store.histogram("sizes");
  const record = () => {
    for (let id = 0; id < SERIES; id++)
      for (const value of [1, 10, 100, 1000]) sizes.record(value, { id });
  };
  record();
  store.collect();
  record();
  return new Packr({ useRecords: false }).pack(store.collect()).length;
}

const untracedNs = measure(usual);
const traces = new AsyncLocalStorage();
const off = provideActiveTrace(() => traces.getStore());
const within = (sampled, work) => traces.run({ ...TRACE, sampled }, work);
const figures = {
  untracedNs,
  noTraceNs: measure(usual),
  notSampledNs: within(false, () => measure(usual)),
  inTraceNs: within(true, () => measure(usual)),
  eachKeptNs: within(true, () => measure(rising)),
  deltaBytesInTrace: within(true, deltaBytes),
};
off();
figures.deltaBytes = deltaBytes();
console.log(JSON.stringify(figures));
