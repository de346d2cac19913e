import { type Capability, capability } from "@elpis/api";
import type { ReadOptions } from "./aggregate/contract.ts";
import type { Point } from "./points/point.ts";
import type { Store } from "./store/contract.ts";

/** Reads what was merged over all processes of an application. */
export interface MetricsReader {
  /** Cumulative points, as they are now; see {@link ReadOptions}. Rejects when whoever merges them is away. */
  points(query?: ReadOptions): readonly Point[] | Promise<readonly Point[]>;
}

/** Provided in every process by a plugin that keeps metrics. */
export const metricsReader: Capability<MetricsReader> =
  capability<MetricsReader>("elpis.metrics-reader");

/** The instruments of the process. Provided in every process by a plugin that keeps metrics. */
export const metricsStore: Capability<Store> = capability<Store>("elpis.metrics-store");
