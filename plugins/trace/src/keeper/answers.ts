import type { SignalTags, TracePage, TraceSpan, TraceSummary } from "@elpis/api";
import { sentBytes } from "./sizes.ts";
import { cutText } from "./text.ts";

/** A message may have 1 MiB. */
const PAGE_BYTES = 500_000;
const TREE_BYTES = 900_000;
const MAX_TEXT = 4096;

/** Traces of a page, as many as fit into a message. */
export function pageOf(
  found: readonly TraceSummary[],
  about: Pick<TracePage, "offset" | "limit" | "firstSeq" | "lastSeq">,
): TracePage {
  const items: TraceSummary[] = [];
  let bytes = 0;
  const { offset, limit } = about;
  for (const summary of found.slice(offset, offset + limit)) {
    bytes += sentBytes(summary);
    if (bytes > PAGE_BYTES && items.length > 0) break;
    items.push(summary);
  }
  return { total: found.length, ...about, items };
}

/** Makes less of a span. */
type Cut = (span: TraceSpan) => TraceSpan;

/** From the one that leaves all to the one that leaves least. */
const CUTS: readonly Cut[] = [
  (span) => span,
  (span) => shorter(span, 200),
  (span) => ({ ...shorter(span, 50), events: [], links: [] }),
  bare,
];

/** The spans of a tree, cut as little as they have to be to fit into a message; those that fail are the last to be left out. */
export function treeThatFits(tree: readonly TraceSpan[]): {
  readonly tree: readonly TraceSpan[];
  readonly omitted: number;
} {
  for (const cut of CUTS) {
    const spans = tree.map(cut);
    if (spans.reduce((sum, span) => sum + sentBytes(span), 0) <= TREE_BYTES) {
      return { tree: spans, omitted: 0 };
    }
  }
  const spans = tree.map(bare);
  const isWorse = ({ status, state, parentSpanId }: TraceSpan): boolean =>
    status === "error" || state !== "over" || parentSpanId === undefined;
  let room = TREE_BYTES;
  const chosen = new Set<TraceSpan>();
  for (const span of [...spans.filter(isWorse), ...spans.filter((one) => !isWorse(one))]) {
    room -= sentBytes(span);
    if (room < 0) break;
    chosen.add(span);
  }
  return {
    tree: spans.filter((span) => chosen.has(span)),
    omitted: spans.length - chosen.size,
  };
}

function shorter(span: TraceSpan, max: number): TraceSpan {
  const { statusMessage, tags, events, links } = span;
  return {
    ...span,
    name: cutText(span.name, MAX_TEXT),
    ...(statusMessage !== undefined && { statusMessage: cutText(statusMessage, max) }),
    tags: shorterTags(tags, max),
    events: events.map((event) => ({ ...event, tags: shorterTags(event.tags, max) })),
    links: links.map((link) => ({ ...link, tags: shorterTags(link.tags, max) })),
  };
}

function shorterTags(tags: SignalTags, max: number): SignalTags {
  const cut: Record<string, SignalTags[string]> = {};
  for (const [key, value] of Object.entries(tags)) {
    cut[key] = typeof value === "string" ? cutText(value, max) : value;
  }
  return cut;
}

/** A span without anything that it can do without. */
function bare(span: TraceSpan): TraceSpan {
  const { instrumentation: _, traceState: __, statusMessage, ...rest } = span;
  return {
    ...rest,
    name: cutText(rest.name, 200),
    ...(statusMessage !== undefined && { statusMessage: cutText(statusMessage, 100) }),
    tags: {},
    events: [],
    links: [],
  };
}
