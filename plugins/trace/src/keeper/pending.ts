import type { TraceId } from "../wire/ids.ts";
import type { HeldSpan } from "./held.ts";
import { Line, Place } from "./line.ts";
import type { Added, Trace } from "./trace.ts";
import { TraceTable } from "./trace-table.ts";

/** A trace that is not decided on. */
export interface Waiting {
  readonly trace: Trace;
}

class Standing extends Place implements Waiting {
  readonly trace: Trace;
  isFailing = false;

  constructor(trace: Trace) {
    super();
    this.trace = trace;
  }
}

/** Traces that are not decided on, and what they take together. */
export class Pending {
  readonly #byId = new TraceTable<Standing>();
  /** By when they were heard of first. */
  readonly #calm = new Line<Standing>();
  /** Those that are kept for what has gone wrong; by when that was seen. */
  readonly #failing = new Line<Standing>();
  /** Spans that are over. */
  spans = 0;
  /** Spans that are not. */
  open = 0;
  bytes = 0;

  get size(): number {
    return this.#byId.size;
  }

  get(id: TraceId): Waiting | undefined {
    return this.#byId.get(id);
  }

  /** In no order that means anything; what was passed may be removed meanwhile. */
  *all(): Generator<Waiting, void, undefined> {
    yield* this.#calm;
    yield* this.#failing;
  }

  /**
   * Those that may be due, when none is that was heard of after a time; what was passed may be removed meanwhile.
   *
   * @param time monotonic, in milliseconds
   */
  *heardOfBy(time: number): Generator<Waiting, void, undefined> {
    for (const standing of this.#calm) {
      // So were all that stand behind it: most of those that wait need not be looked at.
      if (standing.trace.firstAt > time) break;
      yield standing;
    }
    yield* this.#failing;
  }

  add(trace: Trace): Waiting {
    const standing = new Standing(trace);
    this.#calm.push(standing);
    this.#byId.set(standing);
    this.bytes += trace.bytes;
    return standing;
  }

  /** Adds a span to a trace, and keeps up with what that takes. */
  addTo(waiting: Waiting, span: HeldSpan, now: number): Added {
    const { trace } = waiting;
    const { bytes, over, openCount } = trace;
    const added = trace.add(span, now);
    this.bytes += trace.bytes - bytes;
    this.spans += trace.over - over;
    this.open += trace.openCount - openCount;
    if (trace.failures > 0) this.#fail(waiting as Standing);
    return added;
  }

  remove(waiting: Waiting): void {
    const { trace } = waiting;
    if (!this.#byId.delete(waiting as Standing)) return;
    Line.remove(waiting as Standing);
    this.bytes -= trace.bytes;
    this.spans -= trace.over;
    this.open -= trace.openCount;
  }

  /**
   * The one that is the first to make room: the oldest of which nothing is known to have gone wrong, else the oldest of all.
   *
   * @param isBroken whether something has gone wrong with a trace that its spans do not say
   */
  oldest(isBroken: (trace: Trace) => boolean): Waiting | undefined {
    for (;;) {
      const { first } = this.#calm;
      if (first === undefined) return this.#failing.first;
      if (!isBroken(first.trace)) return first;
      this.#fail(first);
    }
  }

  #fail(standing: Standing): void {
    if (standing.isFailing) return;
    standing.isFailing = true;
    Line.remove(standing);
    this.#failing.push(standing);
  }
}
