import { activeTrace } from "../active-trace.ts";
import type { WireExemplar } from "../delta/wire.ts";
import type { Exemplar } from "../points/point.ts";
import { EXEMPLAR_MS, exemplarOf, rangeOf, SPAN_DIGITS, TRACE_DIGITS } from "./exemplar.ts";

/** How many a series has. */
const MAX_EXEMPLARS = 4;
/** There is no place for it. */
const NOWHERE = -1;

/** The clocks of whoever records. */
export interface ExemplarClock {
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
  /** Milliseconds since 1970. */
  readonly wallTime: () => number;
}

interface Recorded {
  /** Counts those of the series, from 1. */
  readonly number: number;
  readonly range: number;
  readonly value: number;
  readonly time: number;
  /** The same in monotonic milliseconds, from when somebody has looked: one clock costs as much as all the rest. */
  at: number | undefined;
  readonly traceId: string;
  readonly spanId: string;
}

/**
 * The exemplars of one series where it is recorded. From one collection to the next there is at most one for each power of four, of the
 * four highest: the slowest value that was recorded in it while a sampled trace was under way. So whatever was slowest has
 * one, however rare it is, and most of what was quick has one as well. What was collected makes room for what comes then. As a value
 * has to be slower than the one before, nearly all of them are done with after one comparison, and nobody is asked for the trace.
 */
export class RecordedExemplars {
  readonly #clock: ExemplarClock;
  #all: Recorded[] = [];
  /** Number of the newest, of the newest that was ever collected, and of the newest that the reader knows. */
  #last = 0;
  #collected = 0;
  #known = 0;

  constructor(clock: ExemplarClock) {
    this.#clock = clock;
  }

  /**
   * Takes a value that was just recorded.
   *
   * @returns false when the ids of the trace are none, and it was dropped for that
   */
  record(value: number): boolean {
    const range = rangeOf(value);
    const place = this.#placeOf(range, value);
    if (place === NOWHERE) return true;
    const trace = activeTrace();
    if (trace === undefined || !trace.sampled) return true;
    const { traceId, spanId } = trace;
    if (traceId?.length !== TRACE_DIGITS || spanId?.length !== SPAN_DIGITS) return false;
    const number = ++this.#last;
    const time = this.#clock.wallTime();
    this.#all[place] = { number, range, value, time, at: undefined, traceId, spanId };
    return true;
  }

  #placeOf(range: number, value: number): number {
    const all = this.#all;
    for (let at = 0; at < all.length; at++) {
      const one = all[at] as Recorded;
      if (one.range !== range) continue;
      return one.number > this.#collected && value <= one.value ? NOWHERE : at;
    }
    return all.length < MAX_EXEMPLARS ? all.length : this.#leastOf(range);
  }

  /** The place of the oldest that was collected, or else of the quickest if that is quicker than `range`. */
  #leastOf(range: number): number {
    let place = NOWHERE;
    let least = range;
    let oldest = this.#collected + 1;
    for (const [at, one] of this.#all.entries()) {
      if (one.number < oldest) {
        oldest = one.number;
        place = at;
      } else if (oldest > this.#collected && one.range < least) {
        least = one.range;
        place = at;
      }
    }
    return place;
  }

  /** Those that the reader does not know yet. */
  collect(): readonly WireExemplar[] {
    this.#dropOld();
    const fresh = this.#all.filter(({ number }) => number > this.#known);
    this.#known = this.#last;
    this.#collected = this.#last;
    return fresh.map(({ number, value, time, traceId, spanId }) => {
      return [number, value, time, traceId, spanId];
    });
  }

  /** The reader knows none of them any more. */
  forgetCollected(): void {
    this.#known = 0;
  }

  /** All of them, the newest last. */
  read(): readonly Exemplar[] {
    this.#dropOld();
    return this.#all.toSorted((a, b) => a.number - b.number).map(exemplarOf);
  }

  #dropOld(): void {
    const [now, time] = [this.#clock.now(), this.#clock.wallTime()];
    this.#all = this.#all.filter((one) => {
      one.at ??= now - Math.max(0, time - one.time);
      return now - one.at <= EXEMPLAR_MS;
    });
  }
}
