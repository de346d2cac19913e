import type { PointSource, TraceSpan } from "@elpis/api";
import { durationOf, isBefore } from "./summary.ts";
import type { Entry, Missing, Trace } from "./trace.ts";
import { isUnseen } from "./waiting.ts";

/** What stands in a tree: a span, or one that only others speak of. */
interface Node {
  readonly shown: TraceSpan;
  /** Those that stand first are told apart by it. */
  readonly entry: Entry;
}

/**
 * The spans of a trace, the parent before its children, these by their start; the first span of the trace first. Each stands
 * there once, whatever they say of their parents.
 */
export function treeOf(trace: Trace): TraceSpan[] {
  const nodes = new Map<string, Node>();
  for (const [id, missing] of trace.missing) {
    if (isUnseen(trace, missing)) {
      nodes.set(id, { shown: unseen(id, missing), entry: missing.child });
    }
  }
  for (const [id, entry] of trace.entries) nodes.set(id, { shown: shownOf(trace, entry), entry });
  const children = new Map<string, Node[]>();
  const tops: Node[] = [];
  for (const node of nodes.values()) {
    const { parentSpanId } = node.shown;
    if (parentSpanId === undefined || !nodes.has(parentSpanId)) tops.push(node);
    else {
      const siblings = children.get(parentSpanId);
      if (siblings === undefined) children.set(parentSpanId, [node]);
      else siblings.push(node);
    }
  }
  for (const siblings of children.values()) siblings.sort(byStart);
  const tree: TraceSpan[] = [];
  const walk = (top: Node): void => {
    const waiting = [top];
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      const { spanId } = node.shown;
      if (!nodes.delete(spanId)) continue;
      tree.push(node.shown);
      // The last that is put there is taken first.
      for (const child of (children.get(spanId) ?? []).toReversed()) waiting.push(child);
    }
  };
  const isFirst = (one: Node, other: Node): boolean => isBefore(trace, one.entry, other.entry);
  tops.sort(byStart);
  const first = tops.reduce((best, one) => (isFirst(one, best) ? one : best), tops[0] as Node);
  if (first !== undefined) walk(first);
  for (const top of tops) walk(top);
  // Those that are left go round in circles.
  for (const node of [...nodes.values()].sort(byStart)) walk(node);
  return tree;
}

function byStart(one: Node, other: Node): number {
  return one.shown.start - other.shown.start;
}

function shownOf(trace: Trace, entry: Entry): TraceSpan {
  const { span, process, isOpen } = entry;
  return {
    ...span.record(process.point),
    durationMs: durationOf(trace, entry),
    process: process.label,
    state: isOpen ? "open" : "over",
  };
}

/** What is known of a span by one of its children. */
function unseen(spanId: string, { child, from }: Missing): TraceSpan {
  const { span, process } = child;
  const { traceId, name, kind, start, durationMs } = span;
  const isOfHub = from !== undefined;
  return {
    ...{ traceId, spanId, name, start, durationMs },
    kind: !isOfHub ? "internal" : kind === "consumer" ? "producer" : "client",
    status: "unset",
    tags: {},
    events: [],
    links: [],
    source: isOfHub ? sourceOf(from, process.source.app) : process.point,
    process: isOfHub ? from : process.label,
    state: "unseen",
  };
}

/** @param label such as `web.0` */
function sourceOf(label: string, app: string): PointSource {
  const [, name = label, index] = /^(.*)\.(\d+)$/.exec(label) ?? [];
  return { app, name, ...(index !== undefined && { index: Number(index) }) };
}
