import { performance } from "node:perf_hooks";
import type { TimeInput } from "@opentelemetry/api";

/** Milliseconds that never go back: as a global, `performance` is looked up anew each time. */
export const monotonic = (): number => performance.now();

/** How far the clock may be from where it was reckoned to be before it is reckoned anew. */
const DRIFT_MS = 20;
/** How often that is looked at, at most. */
const LOOK_MS = 50;
/** How long it may take to read both clocks, and how often that is tried. */
const READ_MS = 1;
const MAX_TRIES = 3;

/** The clocks of this machine, in milliseconds. */
export interface Clocks {
  readonly monotonic: () => number;
  /** Since 1970. */
  readonly wall: () => number;
}

/** Tells times that are finer than those of `Date`. */
export class Clock {
  readonly #clocks: Clocks;
  /** What the monotonic clock has to be added to. */
  #origin = performance.timeOrigin;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(clocks: Clocks = { monotonic, wall: Date.now }) {
    this.#clocks = clocks;
  }

  /** What time it was, in milliseconds since 1970. @param then monotonic; not long ago */
  wall(then: number): number {
    if (then - this.#lookedAt > LOOK_MS) this.#look();
    return this.#origin + then;
  }

  /** It may have been set, or have drifted away. */
  #look(): void {
    const { monotonic, wall } = this.#clocks;
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const before = monotonic();
      const time = wall();
      const after = monotonic();
      this.#lookedAt = after;
      // Who was put aside in between would take that for a clock that was set: spans would end after what they are a part of.
      if (after - before > READ_MS) continue;
      const drift = time - after - this.#origin;
      if (drift > DRIFT_MS || drift < -DRIFT_MS) this.#origin += drift;
      return;
    }
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
