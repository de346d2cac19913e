import type { InstrumentOptions, Store } from "@elpis/telemetry";
import type { MoreStats } from "./contract.ts";
import type { Counts } from "./counts.ts";

const about = (unit: string, description: string): InstrumentOptions => ({
  ...{ unit, description },
  group: "trace",
});

/** Reports what whoever keeps traces counts, with instruments of the store of its process. */
export function observeTraces(store: Store, stats: () => MoreStats): void {
  const counter = (name: string, unit: string, description: string, key: keyof Counts): void => {
    store.observableCounter(`elpis.trace.${name}`, about(unit, description), ({ observe }) =>
      observe(stats()[key]),
    );
  };
  const gauge = (
    name: string,
    unit: string,
    description: string,
    read: (stats: MoreStats) => number,
  ): void => {
    store.observableGauge(
      `elpis.trace.${name}`,
      { ...about(unit, description), merge: "sum" },
      ({ observe }) => observe(read(stats())),
    );
  };
  counter("spans", "{span}", "Spans that came", "spans");
  counter("spans.kept", "{span}", "Spans of traces that were kept", "spansKept");
  counter("spans.let_go", "{span}", "Spans of traces that were let go", "spansLetGo");
  counter("duplicates", "{span}", "Spans that were told again", "duplicates");
  counter("malformed", "{span}", "Spans that were none, and were left out", "malformed");
  counter("kept", "{trace}", "Traces that were kept", "kept");
  counter("let_go", "{trace}", "Traces that were let go", "letGo");
  counter("early", "{trace}", "Traces that were decided on early, to make room", "early");
  counter("late", "{span}", "Spans that came after their trace was decided on", "late");
  counter(
    "late.failures",
    "{span}",
    "Spans that failed, and came after their trace was let go",
    "lateFailures",
  );
  counter("handed_over", "{span}", "Spans that were handed over to a successor", "handedOver");
  store.observableCounter(
    "elpis.trace.lost",
    about("{span}", "Spans that were lost, by `where`: at their `sender`, or `here`"),
    ({ observe }) => {
      const { lostAtSender, lostHere } = stats();
      observe(lostAtSender, { where: "sender" });
      observe(lostHere, { where: "here" });
    },
  );
  gauge("pending", "{trace}", "Traces that are not decided on", ({ pending }) => pending.traces);
  gauge("pending.spans", "{span}", "Spans of them", ({ pending }) => pending.spans);
  gauge("pending.bytes", "By", "What they take, as estimated", ({ pending }) => pending.bytes);
  gauge("cached", "{trace}", "Traces that can be looked at", ({ cached }) => cached.traces);
  gauge("cached.bytes", "By", "What they take, as estimated", ({ cached }) => cached.bytes);
}
