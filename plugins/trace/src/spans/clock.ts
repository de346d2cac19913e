import { performance } from "node:perf_hooks";
import type { TimeInput } from "@opentelemetry/api";

/** Milliseconds that never go back: as a global, `performance` is looked up anew each time. */
export const monotonic = (): number => performance.now();

/** How far the clock may be from where it was reckoned to be before it is reckoned anew. */
const DRIFT_MS = 20;
/** How often that is looked at, at most. */
const LOOK_MS = 50;

/** Tells times that are finer than those of `Date`. */
export class Clock {
  /** What the monotonic clock has to be added to. */
  #origin = performance.timeOrigin;
  #lookedAt = Number.NEGATIVE_INFINITY;

  /** What time it was, in milliseconds since 1970. @param then monotonic; not long ago */
  wall(then: number): number {
    if (then - this.#lookedAt > LOOK_MS) this.#look();
    return this.#origin + then;
  }

  /** It may have been set, or have drifted away. */
  #look(): void {
    const now = monotonic();
    this.#lookedAt = now;
    const drift = Date.now() - now - this.#origin;
    if (drift > DRIFT_MS || drift < -DRIFT_MS) this.#origin += drift;
  }
}

/** A number below it is one of `performance.now()`: three years of a process, and long ago on the calendar. */
const MAX_MONOTONIC_MS = 1e11;

/** A time as OpenTelemetry takes it, in milliseconds since 1970. */
export function timeOf(time: TimeInput | undefined): number | undefined {
  if (time === undefined) return undefined;
  const ms = Array.isArray(time) ? time[0] * 1000 + time[1] / 1e6 : Number(time);
  if (!Number.isFinite(ms)) return undefined;
  return typeof time === "number" && ms < MAX_MONOTONIC_MS ? performance.timeOrigin + ms : ms;
}
