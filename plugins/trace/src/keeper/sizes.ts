import type { SignalTags, SpanRecord } from "@elpis/api";

/** What the objects of a span take besides its texts: the record, its place in its trace, and its ids. */
const SPAN_BYTES = 480;
const TAG_BYTES = 40;
const EVENT_BYTES = 160;
const LINK_BYTES = 240;

/** About how many bytes of memory a span takes. */
export function heldBytes(span: SpanRecord): number {
  const { name, statusMessage, traceState, tags, events, links } = span;
  let bytes = SPAN_BYTES + name.length + tagBytes(tags);
  if (statusMessage !== undefined) bytes += statusMessage.length;
  if (traceState !== undefined) bytes += traceState.length;
  for (const event of events) bytes += EVENT_BYTES + event.name.length + tagBytes(event.tags);
  for (const link of links) bytes += LINK_BYTES + tagBytes(link.tags);
  return bytes;
}

function tagBytes(tags: SignalTags): number {
  let bytes = 0;
  for (const key in tags) {
    const value = tags[key];
    bytes += TAG_BYTES + key.length;
    if (typeof value === "string") bytes += value.length;
    else if (typeof value === "object") {
      for (const one of value) bytes += typeof one === "string" ? TAG_BYTES + one.length : 8;
    }
  }
  return bytes;
}

/** What stands before a text or a list in a message, and a number with what stands before it. */
const HEAD_BYTES = 5;
const NUMBER_BYTES = 9;

/** How many bytes a value takes in a message, at most. */
export function sentBytes(value: unknown): number {
  if (typeof value === "string") return textBytes(value);
  if (typeof value !== "object" || value === null) return NUMBER_BYTES;
  let bytes = HEAD_BYTES;
  if (Array.isArray(value)) {
    for (const one of value) bytes += sentBytes(one);
    return bytes;
  }
  for (const key in value) {
    bytes += textBytes(key) + sentBytes((value as Record<string, unknown>)[key]);
  }
  return bytes;
}

/** A character beyond ASCII takes two or three bytes. */
function textBytes(text: string): number {
  return HEAD_BYTES + (/^[\x20-\x7e]*$/.test(text) ? text.length : 3 * text.length);
}
