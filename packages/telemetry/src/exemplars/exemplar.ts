import type { Exemplar } from "../points/point.ts";

/** How long an exemplar can be read, in milliseconds: until then its trace is there, where traces are kept at all. */
export const EXEMPLAR_MS = 600_000;

/** How long the ids of a trace and of a span are. */
export const TRACE_DIGITS = 32;
export const SPAN_DIGITS = 16;

/** Exemplars are kept for each power of four that values come up to: this is its number. Zero is below all of them. */
export function rangeOf(value: number): number {
  return Math.ceil(Math.log2(value) / 2);
}

/** One as points have it. */
export function exemplarOf(one: {
  readonly value: number;
  readonly time: number;
  readonly traceId: string;
  readonly spanId: string;
}): Exemplar {
  const { value, time, traceId, spanId } = one;
  return { value, time, tags: { trace_id: traceId, span_id: spanId } };
}
