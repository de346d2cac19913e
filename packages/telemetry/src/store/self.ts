import type { DropReason, Store } from "./contract.ts";

/** Reports what a store holds and drops, with instruments of its own. */
export function observeSelf(store: Store): void {
  const group = "elpis";
  store.observableCounter(
    "elpis.telemetry.dropped",
    { group, unit: "1", description: "What the instruments of the process had to drop, by reason" },
    ({ observe }) => {
      const { dropped } = store.stats();
      for (const reason of Object.keys(dropped) as DropReason[]) {
        if (dropped[reason] > 0) observe(dropped[reason], { reason });
      }
    },
  );
  store.observableGauge(
    "elpis.telemetry.series",
    { group, unit: "1", merge: "sum", description: "Series of the instruments of the process" },
    ({ observe }) => observe(store.stats().series),
  );
}
