import type { Batch, Signal } from "@elpis/api";

/** A batch with one item of a signal, to see whether a backend takes it. */
export function sampleOf(
  signal: Signal,
  {
    id,
    time,
    resource,
    source,
  }: Pick<Batch, "id" | "time" | "resource"> & {
    readonly source: { readonly app: string; readonly name: string };
  },
): Batch {
  const wants = (one: Signal): boolean => one === signal;
  const name = "elpis.reporter.test";
  const tags = { sample: true };
  return {
    ...{ id, time, resource },
    points: wants("metrics")
      ? [
          {
            ...{ kind: "gauge", name, value: 1, tags, source, time, start: time },
            ...{ unit: "1", description: "A sample.", group: "elpis", level: "normal" },
          },
        ]
      : [],
    spans: wants("spans")
      ? [
          {
            ...{ traceId: `${"0".repeat(31)}1`, spanId: `${"0".repeat(15)}1`, name },
            ...{ kind: "internal", start: time - 1, durationMs: 1, status: "ok" },
            ...{ tags, events: [], links: [], source },
          },
        ]
      : [],
    errors: wants("errors")
      ? [
          {
            ...{ time, seq: 1, app: source.app, process: source.name, index: 0, pid: process.pid },
            ...{ origin: "recorded", errType: "Error", message: name, stack: `Error: ${name}` },
          },
        ]
      : [],
    events: wants("events") ? [{ name, time, tags, source }] : [],
  };
}
