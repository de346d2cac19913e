import type { LiveSpan, Row } from "./live-span.ts";

/** Spans that are not over, the oldest first: those that nobody was told of, and those that somebody was. */
export class OpenSpans {
  readonly #max: number;
  readonly #young: Row = { first: undefined, last: undefined };
  readonly #told: Row = { first: undefined, last: undefined };
  size = 0;

  /** @param max of how many it is noted that they are open */
  constructor(max: number) {
    this.#max = max;
  }

  get hasYoung(): boolean {
    return this.#young.first !== undefined;
  }

  /** Notes a span; false: there are too many. */
  add(span: LiveSpan): boolean {
    // One that nobody ever ends would stay for ever; that so many are open says that they are of that kind.
    if (this.size >= this.#max) return false;
    this.size += 1;
    this.#push(span, this.#young);
    return true;
  }

  /** A span is over. */
  over(span: LiveSpan): void {
    if (span.row !== undefined) {
      this.size -= 1;
      this.#remove(span);
    }
    if (span.outer !== undefined) span.outer.hasChildOver = true;
  }

  /** Takes those that are to be told: open since before a time, or with a child that is over; with all that they came from. */
  *tellable(before: number): Generator<LiveSpan> {
    let span = this.#young.first;
    while (span !== undefined) {
      const { after } = span;
      // Whoever hears of a child is to know that there is more to come.
      if (span.since <= before || span.hasChildOver) yield* this.#withOuter(span);
      // What it came from stands before it.
      span = after;
    }
  }

  *#withOuter(first: LiveSpan): Generator<LiveSpan> {
    for (let span: LiveSpan | undefined = first; span?.row === this.#young; span = span.outer) {
      this.#remove(span);
      this.#push(span, this.#told);
      yield span;
    }
  }

  #push(span: LiveSpan, row: Row): void {
    span.row = row;
    span.before = row.last;
    if (row.last === undefined) row.first = span;
    else row.last.after = span;
    row.last = span;
  }

  #remove(span: LiveSpan): void {
    const { row, before, after } = span;
    if (row === undefined) return;
    if (before === undefined) row.first = after;
    else before.after = after;
    if (after === undefined) row.last = before;
    else after.before = before;
    span.row = undefined;
    span.before = undefined;
    span.after = undefined;
  }
}
