// What the way from the processes to a reader costs: bytes, and the agent's processor time.
import { createAggregator } from "@elpis/telemetry";
import { Packr } from "msgpackr";
import { median } from "../lib/stats.mjs";
import { INTERVAL_MS, list, makeProcesses, PROCESSES } from "./processes.mjs";

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
  const processes = makeProcesses();
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
