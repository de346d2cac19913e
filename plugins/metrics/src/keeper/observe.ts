import type { Aggregator, Store } from "@elpis/telemetry";
import { Catalog } from "../catalog/catalog.ts";
import type { SnapshotCounts } from "./snapshot-file.ts";

/** Reports what merges: who reports to it, and what it had to drop. */
export function observeKeeper(
  store: Store,
  aggregator: Aggregator,
  snapshots: SnapshotCounts | undefined,
): void {
  const catalog = new Catalog();
  const options = (name: string): { unit: string; description: string; group: string } => {
    const { unit = "", description = "", group = "" } = catalog.find(name) ?? {};
    return { unit, description, group };
  };
  const counts = (name: string, tag: string, read: () => Record<string, number>): void => {
    store.observableCounter(name, options(name), ({ observe }) => {
      for (const [value, count] of Object.entries(read())) observe(count, { [tag]: value });
    });
  };
  store.observableGauge(
    "elpis.metrics.processes",
    options("elpis.metrics.processes"),
    ({ observe }) => {
      const states = { live: 0, stale: 0, gone: 0, expected: 0 };
      for (const { state } of aggregator.processes()) states[state] += 1;
      for (const [state, count] of Object.entries(states)) observe(count, { state });
    },
  );
  counts("elpis.metrics.deltas", "result", () => {
    const { taken, duplicates, resyncs, bad, late } = aggregator.stats();
    return { taken, duplicates, resyncs, bad, late };
  });
  counts("elpis.metrics.lost", "reason", () => {
    const { overflowed, dropped, conflicts, lostProcesses } = aggregator.stats();
    return { overflowed, dropped, conflicts, lostProcesses };
  });
  if (snapshots !== undefined)
    counts("elpis.metrics.snapshots", "result", () => ({ ...snapshots }));
}
