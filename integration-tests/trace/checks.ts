import type { TraceDetails, TraceSpan } from "@elpis/api";

/**
 * How far a span may lie outside of its parent, in milliseconds: clocks of processes are apart by less than one, but drivers tell
 * of the end of a query after they have answered it, on a busy machine some time after.
 */
const SKEW_MS = 50;

/**
 * What is wrong with a trace all of whose work was waited for: it has one root, each parent is there and comes before its
 * children, no child begins before its parent or ends after it, nothing took no time. Empty when all is well.
 */
export function problemsOf({ tree, spans, traceId, omitted }: TraceDetails): string[] {
  const problems: string[] = [];
  const seen = new Map<string, TraceSpan>();
  const roots = tree.filter(({ parentSpanId }) => parentSpanId === undefined);
  if (roots.length !== 1) problems.push(`${roots.length} roots: ${roots.map(nameOf)}`);
  if (tree.length !== spans || omitted !== 0) {
    problems.push(`${tree.length} of ${spans} spans, ${omitted} left out`);
  }
  for (const span of tree) {
    const name = nameOf(span);
    if (seen.has(span.spanId)) problems.push(`${name} is there twice`);
    seen.set(span.spanId, span);
    if (span.traceId !== traceId) problems.push(`${name} is of trace ${span.traceId}`);
    if (span.state !== "over") problems.push(`${name} is ${span.state}`);
    if (!(span.durationMs > 0)) problems.push(`${name} took ${span.durationMs} ms`);
    if (span.parentSpanId !== undefined) {
      const parent = seen.get(span.parentSpanId);
      if (parent === undefined) problems.push(`${name} has no parent before it`);
      else problems.push(...outside(span, parent));
    }
  }
  return problems;
}

function outside(span: TraceSpan, parent: TraceSpan): string[] {
  const early = parent.start - span.start;
  const late = span.start + span.durationMs - parent.start - parent.durationMs;
  return [
    ...(early > SKEW_MS ? [`${nameOf(span)} begins ${early} ms before ${nameOf(parent)}`] : []),
    ...(late > SKEW_MS ? [`${nameOf(span)} ends ${late} ms after ${nameOf(parent)}`] : []),
  ];
}

const nameOf = ({ name, process, kind }: TraceSpan): string => `${process} ${kind} "${name}"`;

/** The spans of a process, such as `web`, of all its instances. */
export function spansOf({ tree }: TraceDetails, name: string): readonly TraceSpan[] {
  return tree.filter(({ process }) => process.split(".")[0] === name);
}

/** The one span of which something is true. Throws when there are none, or more. */
export function only(spans: readonly TraceSpan[], is: (span: TraceSpan) => boolean): TraceSpan {
  const [found, ...more] = spans.filter(is);
  if (found === undefined || more.length > 0) {
    throw new Error(`${more.length + (found ? 1 : 0)} of ${JSON.stringify(spans.map(nameOf))}`);
  }
  return found;
}

/** The statement of a span of a database; undefined: it has none. */
export function statementOf({ tags }: TraceSpan): string | undefined {
  const found = tags["db.query.text"] ?? tags["db.statement"];
  return typeof found === "string" ? found : undefined;
}
