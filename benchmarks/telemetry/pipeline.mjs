// What the way from the processes to a reader costs: bytes, and the agent's processor time.
import { createAggregator, createStore } from "@elpis/telemetry";
import { Packr } from "msgpackr";
import { median } from "../lib/stats.mjs";
import { VALUES } from "./clients.mjs";

const PROCESSES = 32;
const SERIES = 500;
/** Of these, so many are histograms, and so many gauges. */
const HISTOGRAMS = 60;
const GAUGES = 90;
const INTERVAL_MS = 5000;

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

const list = (length, make) => Array.from({ length }, (_, at) => make(at));

function millisecondsOf(task) {
  const before = process.cpuUsage();
  const value = task();
  const { user, system } = process.cpuUsage(before);
  return [(user + system) / 1000, value];
}

/** Rounds of all processes; the agent's part is measured, that of the processes beside it. */
export function measurePipeline(rounds) {
  const codec = new Packr({ useRecords: false });
  const aggregator = createAggregator();
  const processes = list(PROCESSES, makeProcess);
  const sums = { collect: 0, unpack: 0, take: 0, read: 0 };
  let first = 0;
  let bytes = 0;
  for (let round = -5; round < rounds; round++) {
    for (const one of processes) one.work();
    const [collectMs, deltas] = millisecondsOf(() => processes.map((one) => one.collect()));
    const packed = deltas.map((delta) => codec.pack(delta));
    const [unpackMs, unpacked] = millisecondsOf(() => packed.map((one) => codec.unpack(one)));
    const [takeMs] = millisecondsOf(() =>
      unpacked.forEach((delta, at) => {
        aggregator.take(processes[at].source, delta);
      }),
    );
    const [readMs] = millisecondsOf(() => aggregator.readPoints());
    if (round === -5) first = packed[0].length;
    if (round < 0) continue;
    bytes += packed[0].length;
    sums.collect += collectMs;
    sums.unpack += unpackMs;
    sums.take += takeMs;
    sums.read += readMs;
  }
  const idle = codec.pack(processes[0].collect()).length;
  const each = (ms) => ms / rounds;
  const snapshots = list(15, () => millisecondsOf(() => aggregator.snapshot()));
  const snapshotMs = median(snapshots.map(([ms]) => ms));
  const snapshot = codec.pack(aggregator.snapshot());
  return {
    firstDeltaBytes: first,
    deltaBytes: bytes / rounds,
    idleDeltaBytes: idle,
    collectMsPerProcess: each(sums.collect) / PROCESSES,
    agentUnpackMs: each(sums.unpack),
    agentTakeMs: each(sums.take),
    agentReadMs: each(sums.read),
    agentCorePercent: (100 * (each(sums.unpack) + each(sums.take))) / INTERVAL_MS,
    agentCorePercentWithRead: (100 * each(sums.unpack + sums.take + sums.read)) / INTERVAL_MS,
    snapshotMs,
    snapshotBytes: snapshot.length,
  };
}
