export type { ExponentialBuckets } from "@elpis/api";

/** The distribution over fixed upper bounds: `counts[i]` values up to `bounds[i]`, the last count is for all beyond. */
export interface ExplicitBuckets {
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
}
