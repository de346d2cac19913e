import { Line, type Place } from "./line.ts";
import type { Trace } from "./trace.ts";

/** A trace that is not decided on. */
export interface Waiting {
  readonly trace: Trace;
}

interface Standing extends Waiting {
  place: Place<Standing>;
  isFailing: boolean;
}

/** Traces that are not decided on, and what they take together. */
export class Pending {
  readonly #byId = new Map<string, Standing>();
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

  get(traceId: string): Waiting | undefined {
    return this.#byId.get(traceId);
  }

  /** In no order that means anything; what was passed may be removed meanwhile. */
  all(): Iterable<Waiting> {
    return this.#byId.values();
  }

  add(trace: Trace): Waiting {
    const standing = { trace, isFailing: false } as Standing;
    standing.place = this.#calm.push(standing);
    this.#byId.set(trace.id, standing);
    this.bytes += trace.bytes;
    this.spans += trace.over;
    this.open += trace.open.size;
    return standing;
  }

  /** Has a trace changed, and keeps up with what it takes. */
  change<Result>(waiting: Waiting, task: (trace: Trace) => Result): Result {
    const { trace } = waiting;
    const { bytes, over } = trace;
    const open = trace.open.size;
    const result = task(trace);
    this.bytes += trace.bytes - bytes;
    this.spans += trace.over - over;
    this.open += trace.open.size - open;
    if (trace.failures > 0) this.#fail(waiting as Standing);
    return result;
  }

  remove(waiting: Waiting): void {
    const { trace } = waiting;
    if (!this.#byId.delete(trace.id)) return;
    Line.remove((waiting as Standing).place);
    this.bytes -= trace.bytes;
    this.spans -= trace.over;
    this.open -= trace.open.size;
  }

  /**
   * The one that is the first to make room: the oldest of which nothing is known to have gone wrong, else the oldest of all.
   *
   * @param isBroken whether something has gone wrong with a trace that its spans do not say
   */
  oldest(isBroken: (trace: Trace) => boolean): Waiting | undefined {
    for (;;) {
      const first = this.#calm.first?.item;
      if (first === undefined) return this.#failing.first?.item;
      if (!isBroken(first.trace)) return first;
      this.#fail(first);
    }
  }

  #fail(standing: Standing): void {
    if (standing.isFailing) return;
    standing.isFailing = true;
    Line.remove(standing.place);
    standing.place = this.#failing.push(standing);
  }
}
