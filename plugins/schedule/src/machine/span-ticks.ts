import {
  LATE_MS,
  type Missed,
  type Moment,
  NOTHING,
  type Passed,
  type SavedTimetable,
  sum,
  type Timetable,
} from "./timetable.ts";

/**
 * Times that lie a span apart, on the clock that nobody sets. Across a restart, where only the clock on the wall goes on,
 * the rest of the span is taken from that one: never more than a whole span.
 */
export class SpanTicks implements Timetable {
  readonly #spanMs: number;
  readonly #isOnce: boolean;
  #nextMonoMs: number;
  #untilMs: number;
  #isOver: boolean;
  /** What passed while nobody looked. */
  #missed: Missed | undefined;

  constructor(spanMs: number, isOnce: boolean, now: Moment, saved: SavedTimetable | undefined) {
    this.#spanMs = spanMs;
    this.#isOnce = isOnce;
    this.#isOver = saved?.isOver === true;
    this.#untilMs = saved?.untilMs ?? now.wallMs;
    this.#nextMonoMs = now.monoMs + spanMs;
    if (saved !== undefined && !this.#isOver) this.#resume(now);
  }

  get saved(): SavedTimetable {
    return { untilMs: this.#untilMs, ...(this.#isOver && { isOver: true }) };
  }

  nextMs(now: Moment): number | undefined {
    return this.#isOver ? undefined : Math.round(now.wallMs + this.#nextMonoMs - now.monoMs);
  }

  delayMs(now: Moment): number | undefined {
    if (this.#missed !== undefined) return 0;
    return this.#isOver ? undefined : Math.max(0, this.#nextMonoMs - now.monoMs);
  }

  pass(now: Moment): Passed {
    const missed = this.#missed;
    this.#missed = undefined;
    if (this.#isOver || now.monoMs < this.#nextMonoMs) {
      return missed === undefined ? NOTHING : { due: [], missed };
    }
    const firstMs = this.#nextMonoMs;
    const count = this.#isOnce ? 1 : 1 + Math.floor((now.monoMs - firstMs) / this.#spanMs);
    const late = lateOnes(now.monoMs - LATE_MS - firstMs, this.#spanMs, count);
    const wallOf = (n: number): number =>
      Math.round(now.wallMs - (now.monoMs - firstMs) + n * this.#spanMs);
    const due = Array.from({ length: count - late }, (_, n) => wallOf(late + n));
    this.#untilMs = wallOf(count - 1);
    this.#nextMonoMs = firstMs + count * this.#spanMs;
    this.#isOver = this.#isOnce;
    const slept = late === 0 ? undefined : { count: late, lastMs: wallOf(late - 1) };
    return { due, missed: sum(missed, slept) };
  }

  #resume(now: Moment): void {
    const elapsedMs = Math.max(0, now.wallMs - this.#untilMs);
    const spans = this.#isOnce
      ? Math.min(1, Math.floor(elapsedMs / Math.max(1, this.#spanMs)))
      : Math.floor(elapsedMs / this.#spanMs);
    if (spans === 0) {
      this.#nextMonoMs = now.monoMs + this.#spanMs - elapsedMs;
      return;
    }
    const lastMs = this.#untilMs + spans * this.#spanMs;
    this.#missed = { count: spans, lastMs };
    this.#untilMs = lastMs;
    this.#isOver = this.#isOnce;
    this.#nextMonoMs = now.monoMs + this.#spanMs - (elapsedMs - spans * this.#spanMs);
  }
}

/** How many of `count` times, a span apart from 0 on, lie more than `untilMs` back. */
function lateOnes(untilMs: number, spanMs: number, count: number): number {
  return untilMs <= 0 ? 0 : Math.min(count, Math.ceil(untilMs / Math.max(1, spanMs)));
}
