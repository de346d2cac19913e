import type { SentSpan } from "../src/topics.ts";
import { KINDS, type PackedSpans, STATUSES } from "../src/wire/layout.ts";
import { Packer } from "../src/wire/pack.ts";
import type { Packable, Tags, Value } from "../src/wire/packable.ts";

const tagsOf = (tags: SentSpan["tags"]): Tags =>
  Object.entries(tags).flatMap(([name, value]) => [name, value as Value]);

/** A span as it is packed, of one as an object. */
export function packable(span: SentSpan): Packable {
  const { instrumentation: { name, version } = { name: "test" } } = span;
  return {
    ...span,
    parentSpanId: span.parentSpanId,
    traceState: span.traceState,
    statusMessage: span.statusMessage,
    kind: KINDS.indexOf(span.kind),
    status: STATUSES.indexOf(span.status),
    scope: version === undefined ? name : `${name} ${version}`,
    tags: tagsOf(span.tags),
    events: span.events.map((event) => ({ ...event, tags: tagsOf(event.tags) })),
    links: span.links.map((link) => ({ ...link, tags: tagsOf(link.tags) })),
  };
}

/** Spans as they come out of a message of the hub. */
export function packed(spans: readonly SentSpan[], packer: Packer = new Packer()): PackedSpans {
  for (const span of spans) packer.add(packable(span), Number.POSITIVE_INFINITY);
  const { texts, bytes, count } = packer.take();
  return { texts: [...texts], bytes: Uint8Array.from(bytes), count };
}
