import type { Store } from "../store/contract.ts";
import type { Aggregator, AggregatorStats } from "./contract.ts";

const GROUP = "elpis";
const DELTAS = ["taken", "duplicates", "resyncs", "bad", "late"] as const;
const VALUES = ["overflowed", "dropped", "fallen"] as const;

/**
 * Reports what an aggregator holds and drops, with instruments of the store of its process:
 * `elpis.telemetry.aggregator.` with `processes`, `series`, `deltas` by outcome, `values` by fate, `lost`.
 */
export function observeAggregator(store: Store, aggregator: Aggregator): void {
  const name = (part: string): string => `elpis.telemetry.aggregator.${part}`;
  const gauge = (part: string, description: string, read: (stats: AggregatorStats) => number) =>
    store.observableGauge(
      name(part),
      { group: GROUP, unit: "1", merge: "sum", description },
      ({ observe }) => observe(read(aggregator.stats())),
    );
  const counter = (part: string, description: string, label: string, parts: readonly Part[]) =>
    store.observableCounter(name(part), { group: GROUP, unit: "1", description }, ({ observe }) => {
      const stats = aggregator.stats();
      for (const one of parts) observe(stats[one], { [label]: one });
    });
  gauge("processes", "Processes that are known", ({ processes }) => processes);
  gauge("series", "Series of all processes", ({ processSeries }) => processSeries);
  counter("deltas", "Deltas of processes, by outcome", "outcome", DELTAS);
  counter("values", "Values that did not go where they should, by fate", "fate", VALUES);
  counter("lost", "What ended unseen while nobody merged", "what", ["lostProcesses"]);
}

type Part = (typeof DELTAS)[number] | (typeof VALUES)[number] | "lostProcesses";
