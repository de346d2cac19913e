/** The distribution of a histogram as OpenTelemetry has it: bucket `i` holds the values in (2^(i/2^scale), 2^((i+1)/2^scale)]. */
export interface ExponentialBuckets {
  readonly scale: number;
  /** Values from 0 to `zeroThreshold`. */
  readonly zeroCount: number;
  readonly zeroThreshold: number;
  /** Number of the first bucket in `counts`. */
  readonly offset: number;
  readonly counts: readonly number[];
}

/** The distribution over fixed upper bounds: `counts[i]` values up to `bounds[i]`, the last count is for all beyond. */
export interface ExplicitBuckets {
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
}
