import type { LiveSpan, Place } from "./live-span.ts";

/** Of a row. */
interface Ends {
  first: LiveSpan | undefined;
  last: LiveSpan | undefined;
}

/** Spans that are not over, the oldest first: those that nobody was told of, and those that somebody was. */
export class OpenSpans {
  readonly #max: number;
  readonly #ends: Record<"young" | "told", Ends> = {
    young: { first: undefined, last: undefined },
    told: { first: undefined, last: undefined },
  };
  size = 0;
  /** Of those that nobody was told of: whose child is over, and about to be told. */
  #parents: LiveSpan[] = [];

  /** @param max of how many it is noted that they are open */
  constructor(max: number) {
    this.#max = max;
  }

  get hasYoung(): boolean {
    return this.#ends.young.first !== undefined;
  }

  /** Notes a span; false: there are too many. */
  add(span: LiveSpan): boolean {
    // One that nobody ever ends would stay for ever; that so many are open says that they are of that kind.
    if (this.size >= this.#max) return false;
    this.size += 1;
    this.#push(span, "young");
    return true;
  }

  /** A span is over. */
  over(span: LiveSpan): void {
    if (span.place !== "nowhere") {
      this.size -= 1;
      this.#remove(span);
    }
    const { outer } = span;
    if (outer?.place !== "young" || outer.hasChildOver) return;
    outer.hasChildOver = true;
    this.#parents.push(outer);
  }

  /** Takes those that are to be told: open since before a time, or with a child that is over; with all that they came from. */
  *tellable(before: number): Generator<LiveSpan> {
    for (let span = this.#ends.young.first; span !== undefined; span = this.#ends.young.first) {
      if (span.since > before) break;
      yield* this.#withOuter(span);
    }
    // Whoever hears of a child is to know that there is more to come.
    const parents = this.#parents;
    this.#parents = [];
    for (const span of parents) yield* this.#withOuter(span);
  }

  *#withOuter(first: LiveSpan): Generator<LiveSpan> {
    for (let span: LiveSpan | undefined = first; span?.place === "young"; span = span.outer) {
      this.#remove(span);
      this.#push(span, "told");
      yield span;
    }
  }

  #push(span: LiveSpan, place: Exclude<Place, "nowhere">): void {
    const ends = this.#ends[place];
    span.place = place;
    span.before = ends.last;
    if (ends.last === undefined) ends.first = span;
    else ends.last.after = span;
    ends.last = span;
  }

  #remove(span: LiveSpan): void {
    const { place, before, after } = span;
    if (place === "nowhere") return;
    const ends = this.#ends[place];
    if (before === undefined) ends.first = after;
    else before.after = after;
    if (after === undefined) ends.last = before;
    else after.before = before;
    span.place = "nowhere";
    span.before = undefined;
    span.after = undefined;
  }
}
