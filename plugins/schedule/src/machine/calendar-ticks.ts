import {
  type Calendar,
  LATE_MS,
  type Missed,
  type Moment,
  NOTHING,
  type Passed,
  type SavedTimetable,
  sum,
  type Timetable,
} from "./timetable.ts";

/** So much more, or less, than the other clock says, and somebody has set this one. */
const JUMP_MS = 1000;
/** A time that is dealt with comes again only when the clock is set back by more: then it had been wrong before. */
const MAX_BACK_MS = 86_400_000;
/** How often it is looked what time it is: nobody tells us when the clock is set. */
const LOOK_MS = 1000;
/** So many missed times are counted one by one. */
const MAX_COUNT = 1000;

/** Times of the clock on the wall. */
export class CalendarTicks implements Timetable {
  readonly #calendar: Calendar;
  /** Times up to here are dealt with. */
  #untilMs: number;
  /** The first time behind that: it takes a while to find. */
  #nextMs: number | undefined;
  /** The last look; undefined: none since the start. */
  #seen: Moment | undefined;

  constructor(calendar: Calendar, now: Moment, saved: SavedTimetable | undefined) {
    this.#calendar = calendar;
    this.#untilMs = saved?.untilMs ?? now.wallMs;
    this.#nextMs = calendar.next(this.#untilMs);
    if (saved === undefined) this.#seen = now;
  }

  get saved(): SavedTimetable {
    const isOver = this.#nextMs === undefined;
    return { untilMs: this.#untilMs, ...(isOver && { isOver }) };
  }

  nextMs(): number | undefined {
    return this.#nextMs;
  }

  delayMs(now: Moment): number | undefined {
    const nextMs = this.#nextMs;
    return nextMs === undefined ? undefined : Math.min(LOOK_MS, Math.max(0, nextMs - now.wallMs));
  }

  pass(now: Moment): Passed {
    const steadyMs = this.#steadyMs(now);
    this.#seen = now;
    if (this.#untilMs - now.wallMs > MAX_BACK_MS) this.#dealtWith(now.wallMs);
    if (this.#nextMs === undefined || this.#nextMs > now.wallMs) return NOTHING;
    const earliestMs = steadyMs === undefined ? now.wallMs : steadyMs - LATE_MS;
    const latestMs = steadyMs ?? now.wallMs;
    const before = this.#span(this.#untilMs, earliestMs);
    const due = this.#list(Math.max(this.#untilMs, earliestMs), latestMs);
    const behind = this.#span(Math.max(this.#untilMs, latestMs), now.wallMs);
    this.#dealtWith(this.#calendar.previous(now.wallMs) ?? now.wallMs);
    return { due, missed: sum(before, behind) };
  }

  #dealtWith(untilMs: number): void {
    this.#untilMs = untilMs;
    this.#nextMs = this.#calendar.next(untilMs);
  }

  /** What time it would be had nobody set the clock forward; undefined: nobody has looked before. */
  #steadyMs(now: Moment): number | undefined {
    const seen = this.#seen;
    if (seen === undefined) return undefined;
    const expectedMs = seen.wallMs + (now.monoMs - seen.monoMs);
    return now.wallMs - expectedMs > JUMP_MS ? expectedMs : now.wallMs;
  }

  /** The times behind one and up to another. */
  #list(afterMs: number, untilMs: number): number[] {
    const found: number[] = [];
    let next = this.#calendar.next(afterMs);
    while (next !== undefined && next <= untilMs && found.length < MAX_COUNT) {
      found.push(next);
      next = this.#calendar.next(next);
    }
    return found;
  }

  #span(afterMs: number, untilMs: number): Missed | undefined {
    if (untilMs <= afterMs) return undefined;
    const found = this.#list(afterMs, untilMs);
    const lastMs = found.length < MAX_COUNT ? found.at(-1) : this.#calendar.previous(untilMs);
    return lastMs === undefined ? undefined : { count: found.length, lastMs };
  }
}
