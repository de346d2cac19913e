import { type HeldSpan, isAskedFromOutside } from "./held.ts";
import { NOWHERE, SpanIndex } from "./span-index.ts";
import type { Trace } from "./trace.ts";

const NONE: readonly never[] = [];

/**
 * Of each span that was never told of but by those that have it as their parent, the one of these that says most of it: its `from`
 * says whose the parent is; without one that is of its own process, if it is one of ours at all.
 */
export function missingIn(trace: Trace): readonly HeldSpan[] {
  // Each that is not there may be one of those for which there was no room.
  if (trace.omitted > 0) return NONE;
  let missing: HeldSpan[] | undefined;
  let index: SpanIndex | undefined;
  for (const span of trace.spans) {
    if (!span.hasParent || isAskedFromOutside(span)) continue;
    const { parentHigh, parentLow } = span;
    if (trace.has(parentHigh, parentLow)) continue;
    missing ??= [];
    index ??= new SpanIndex();
    const slot = index.find(parentHigh, parentLow);
    if (slot === NOWHERE) index.set(parentHigh, parentLow, missing.push(span) - 1);
    else if (saysMore(span, missing[slot] as HeldSpan)) missing[slot] = span;
  }
  return missing ?? NONE;
}

/** The hub knows whose a parent is; besides that the first of its children is closest to it. */
function saysMore(one: HeldSpan, other: HeldSpan): boolean {
  const { from } = one;
  if ((from === undefined) !== (other.from === undefined)) return from !== undefined;
  return one.start < other.start;
}
