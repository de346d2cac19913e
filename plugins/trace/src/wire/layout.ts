import type { SpanRecord } from "@elpis/api";

// How spans travel from the process that has them to whoever keeps them: one after the other in one row of bytes, which
// neither the hub has to look into nor its receiver has to make objects of.
//
// Each span begins with a head of a fixed size, all numbers little-endian, and ids as their digits say:
//
//   at  bytes
//    0      4  bytes of the whole span
//    4      1  kind, and status << 4
//    5      1  flags
//    6     16  trace id
//   22      8  span id
//   30      8  parent's span id, or zeros
//   38      8  start, milliseconds since 1970 (float64)
//   46      8  duration in milliseconds (float64)
//   54      4  name
//   58      4  instrumentation, as `name version`
//   62      4  which process sent the message that began it, such as `web.0`: of a span as an object this is a tag
//   66      4  message of its status
//   70      4  `tracestate`
//
// A text is the number of one in the list of texts beside the bytes, in 4 bytes; or, when its highest bit is set, the number of bytes
// in UTF-8 that come after the head or, in what comes there, after the number. After the head: the texts of the head, in their
// order; tags; events, each with its name, its time and its tags; links, each with both ids and its tags. Before tags, events and links
// stands in two bytes how many there are. A tag has its name, one byte that says what its value is, and the value.

export const HEAD_BYTES = 74;
export const KIND_AT = 4;
export const FLAGS_AT = 5;
export const TRACE_AT = 6;
export const SPAN_AT = 22;
export const PARENT_AT = 30;
export const START_AT = 38;
export const DURATION_AT = 46;
export const NAME_AT = 54;
export const SCOPE_AT = 58;
export const FROM_AT = 62;
export const MESSAGE_AT = 66;
export const STATE_AT = 70;
/** Where texts stand in the head, in the order in which they follow it. */
export const HEAD_TEXTS: readonly number[] = [NAME_AT, SCOPE_AT, FROM_AT, MESSAGE_AT, STATE_AT];

/** There is no such text. */
export const NO_TEXT = 0x7fff_ffff;
/** What follows is the text itself. */
export const INLINE = 0x8000_0000;

export const HAS_PARENT = 1;
/** A deadline passed in it. */
export const IS_TIMEOUT = 2;

export const KINDS: readonly SpanRecord["kind"][] = [
  "internal",
  "server",
  "client",
  "producer",
  "consumer",
];
export const STATUSES: readonly SpanRecord["status"][] = ["unset", "ok", "error"];

/** What a value is. */
export const TEXT = 0;
export const NUMBER = 1;
export const TRUE = 2;
export const FALSE = 3;
/** How many there are, in two bytes, and each with what it is. */
export const LIST = 4;
/** A whole number from -2^31 on, in four bytes. */
export const WHOLE = 5;

/** Which process sent a message, as a tag: the parent of a span that has it is always one of ours. */
export const HUB_FROM = "elpis.hub.from";

/** How many texts are listed, and how long one is: others stand where they are used. */
export const MAX_LISTED = 512;
export const MAX_LISTED_CHARS = 1024;

/** Which layout this is. Whoever reads another one can make nothing of it. */
export const VERSION = 1;

/** Spans as they travel. */
export interface PackedSpans {
  readonly version: number;
  /** Texts that the bytes name by their numbers. */
  readonly texts: readonly string[];
  readonly bytes: Uint8Array;
  readonly count: number;
}
