import type { SentSpan } from "../src/topics.ts";
import { spanIdOf, TraceId } from "../src/wire/ids.ts";
import { HUB_FROM, KINDS, type PackedSpans, STATUSES } from "../src/wire/layout.ts";
import { Packer } from "../src/wire/pack.ts";
import type { Packable, Tags, Value } from "../src/wire/packable.ts";

const tagsOf = (tags: SentSpan["tags"]): Tags =>
  Object.entries(tags).flatMap(([name, value]) => [name, value as Value]);

/** A span as it is packed, of one as an object. */
export function packable(span: SentSpan): Packable {
  const { instrumentation: { name, version } = { name: "test" } } = span;
  const { [HUB_FROM]: from, ...tags } = span.tags;
  const isFrom = typeof from === "string";
  const [idHigh, idLow] = spanIdOf(span.spanId);
  const [parentHigh, parentLow] =
    span.parentSpanId === undefined ? [0, 0] : spanIdOf(span.parentSpanId);
  return {
    ...{ name: span.name, start: span.start, durationMs: span.durationMs },
    trace: TraceId.of(span.traceId),
    ...{ idHigh, idLow, parentHigh, parentLow },
    traceState: span.traceState,
    statusMessage: span.statusMessage,
    kind: KINDS.indexOf(span.kind),
    status: STATUSES.indexOf(span.status),
    scope: version === undefined ? name : `${name} ${version}`,
    from: isFrom ? from : undefined,
    tags: tagsOf(isFrom ? tags : span.tags),
    events: span.events.map((event) => ({ ...event, tags: tagsOf(event.tags) })),
    links: span.links.map((link) => ({ ...link, tags: tagsOf(link.tags) })),
  };
}

/** Spans as they come out of a message of the hub. */
export function packed(spans: readonly SentSpan[], packer: Packer = new Packer()): PackedSpans {
  for (const span of spans) packer.add(packable(span), Number.POSITIVE_INFINITY);
  const { texts, bytes, ...rest } = packer.take();
  return { ...rest, texts: [...texts], bytes: Uint8Array.from(bytes) };
}
