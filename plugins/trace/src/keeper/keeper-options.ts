import { parseDuration } from "@elpis/api";
import type { CacheOptions, SamplingOptions, SlowOptions, WindowOptions } from "../options.ts";

/** How traces are kept: everything is resolved, times are in milliseconds. */
export interface KeeperOptions {
  readonly keep: { readonly errors: boolean; readonly slow: boolean; readonly share: number };
  /** What takes longer is slow. */
  readonly slowMs: number;
  /** The same by name of a trace, or by patterns with `*`; the longest that fits counts. */
  readonly slowBy: Readonly<Record<string, number>>;
  readonly window: {
    readonly settleMs: number;
    readonly openMs: number;
    readonly maxTraces: number;
    readonly maxSpansPerTrace: number;
    readonly maxBytes: number;
  };
  readonly cache: { readonly maxTraces: number; readonly maxBytes: number };
}

/** What whoever keeps traces is told by users; all parts may be left out. */
export interface KeepingOptions extends SlowOptions {
  readonly sampling?: SamplingOptions;
  readonly window?: WindowOptions;
  readonly cache?: CacheOptions;
}

const MIB = 1024 * 1024;

/** Fills in what was left out. Options are good already: whoever takes them from users checks them. */
export function keeperOptions(options: KeepingOptions = {}): KeeperOptions {
  const { errors = true, slow = true, share = 1 } = options.sampling?.keep ?? {};
  const { settle, open, maxTraces, maxSpansPerTrace, maxBytes } = options.window ?? {};
  const { slowBy = {}, cache = {} } = options;
  const thresholds = Object.entries(slowBy).map(([name, value]) => [name, parseDuration(value)]);
  return {
    keep: { errors, slow, share },
    slowMs: parseDuration(options.slow) ?? 1000,
    slowBy: Object.fromEntries(thresholds.filter(([, ms]) => ms !== undefined)),
    window: {
      settleMs: parseDuration(settle) ?? 2000,
      openMs: parseDuration(open) ?? 30_000,
      maxTraces: maxTraces ?? 20_000,
      maxSpansPerTrace: maxSpansPerTrace ?? 2000,
      maxBytes: maxBytes ?? 64 * MIB,
    },
    cache: { maxTraces: cache.maxTraces ?? 1000, maxBytes: cache.maxBytes ?? 32 * MIB },
  };
}
