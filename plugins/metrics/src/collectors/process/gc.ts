import { constants, type PerformanceEntry, PerformanceObserver } from "node:perf_hooks";
import type { BoundRecorder, Histogram } from "@elpis/telemetry";

const TYPES: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MINOR]: "minor",
  [constants.NODE_PERFORMANCE_GC_MAJOR]: "major",
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: "incremental",
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: "weakcb",
};

/** Of a garbage collection. */
type Entry = PerformanceEntry & { readonly detail?: { readonly kind?: number } };

/**
 * Records how long each garbage collection stopped the process.
 *
 * @returns what ends it
 */
export function watchGc(durations: Histogram): () => void {
  const byKind = new Map<number, BoundRecorder>();
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as Entry[]) {
      const { duration, detail } = entry;
      const { kind = 0 } = detail ?? {};
      let recorder = byKind.get(kind);
      if (recorder === undefined) {
        recorder = durations.bind({ "v8js.gc.type": TYPES[kind] ?? "other" });
        byKind.set(kind, recorder);
      }
      recorder.record(duration / 1000);
    }
  });
  observer.observe({ entryTypes: ["gc"] });
  return () => observer.disconnect();
}
