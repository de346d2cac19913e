import type { PointSource, TraceSpan } from "@elpis/api";
import type { HeldSpan } from "./held.ts";
import { durationOf, isBefore } from "./summary.ts";
import type { Trace } from "./trace.ts";
import { isUnseen } from "./waiting.ts";

/** What stands in a tree: a span, or one that only others speak of. */
interface Node {
  readonly shown: TraceSpan;
  /** Those that stand first are told apart by it. */
  readonly span: HeldSpan;
}

/**
 * The spans of a trace, the parent before its children, these by their start; the first span of the trace first. Each stands
 * there once, whatever they say of their parents.
 */
export function treeOf(trace: Trace): TraceSpan[] {
  const nodes = new Map<string, Node>();
  for (const child of trace.missing) {
    if (!isUnseen(trace, child)) continue;
    const shown = unseen(trace, child);
    nodes.set(shown.spanId, { shown, span: child });
  }
  for (const span of trace.spans) {
    const shown = shownOf(trace, span);
    nodes.set(shown.spanId, { shown, span });
  }
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
  const isFirst = (one: Node, other: Node): boolean => isBefore(trace, one.span, other.span);
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

function shownOf(trace: Trace, span: HeldSpan): TraceSpan {
  const { process, isOpen } = span;
  return {
    ...span.record(process.point),
    durationMs: durationOf(trace, span),
    process: process.label,
    state: isOpen ? "open" : "over",
  };
}

/** What is known of a span by one of its children. */
function unseen({ id }: Trace, child: HeldSpan): TraceSpan {
  const { process, from, name, kind, start, durationMs } = child;
  const isOfHub = from !== undefined;
  return {
    ...{ traceId: id.text, spanId: child.parentSpanId as string, name, start, durationMs },
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
