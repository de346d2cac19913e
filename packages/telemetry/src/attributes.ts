import type { TagValue } from "@elpis/api";

export type { Tags, TagValue } from "@elpis/api";

/**
 * Tells the series of an instrument apart. Lists are joined with commas; what is `null` or `undefined` is as good as left
 * out; anything else is dropped and counted. `200` and `"200"` mean the same series.
 */
export type Attributes = Readonly<
  Record<string, TagValue | readonly TagValue[] | null | undefined>
>;

/** The one tag of the series that takes what is over the limit on the number of series; the name is OpenTelemetry's. */
export const OVERFLOW_TAG = "otel.metric.overflow";
