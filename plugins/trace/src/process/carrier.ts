import type { SpanContext } from "@opentelemetry/api";
import { createTraceState } from "../otel.ts";
import { writeHex } from "../wire/hex.ts";

/** Version of the layout, flags, the two ids, two zeros. */
const BASE_BYTES = 28;
const VERSION = 0;
const FLAGS_AT = 1;
const TRACE_AT = 2;
const SPAN_AT = 18;
/** What travels with a message at most. */
const MAX_BYTES = 1024;
const NONE: readonly Buffer[] = [];
const NO_TEXTS: readonly string[] = [];

/** Whatever is done for the message is not to be traced. */
export const UNTRACED_BYTES: Uint8Array = Uint8Array.of(VERSION, 0x80, 0, 0);

/** Whether a message's sender wants nothing of it to be traced. */
export function isUntraced(extension: Uint8Array): boolean {
  return (
    extension.length === UNTRACED_BYTES.length &&
    UNTRACED_BYTES.every((byte, at) => extension[at] === byte)
  );
}

/** What a message carries from span to span. */
export interface Carried {
  readonly parent: SpanContext;
  /** As in the header `baggage`; empty without one. */
  readonly baggage: string;
}

/** A span's context as the bytes that travel with a message; what does not fit beside the ids is left out. */
export function encodeCarried({ parent, baggage }: Carried): Uint8Array {
  const state = parent.traceState?.serialize() ?? "";
  const texts = state === "" && baggage === "" ? NONE : fitting([state, baggage]);
  const length = texts.reduce((sum, { length }) => sum + 2 + length, BASE_BYTES);
  const bytes = Buffer.allocUnsafe(multipleOf4(length));
  bytes[0] = VERSION;
  bytes[FLAGS_AT] = parent.traceFlags;
  writeHex(bytes, TRACE_AT, parent.traceId, 16);
  writeHex(bytes, SPAN_AT, parent.spanId, 8);
  bytes[BASE_BYTES - 2] = 0;
  bytes[BASE_BYTES - 1] = 0;
  if (texts.length === 0) return bytes;
  let at = BASE_BYTES;
  for (const text of texts) {
    at = bytes.writeUInt16LE(text.length, at);
    at += text.copy(bytes, at);
  }
  return bytes.fill(0, at);
}

/** Undefined: there is nothing in it that is understood. */
export function decodeCarried(extension: Uint8Array): Carried | undefined {
  if (extension.length < BASE_BYTES || extension[0] !== VERSION) return undefined;
  const bytes = Buffer.from(extension.buffer, extension.byteOffset, extension.length);
  if (isEmpty(bytes, TRACE_AT, SPAN_AT) || isEmpty(bytes, SPAN_AT, BASE_BYTES - 2))
    return undefined;
  const texts = bytes.length === BASE_BYTES ? NO_TEXTS : textsIn(bytes);
  if (texts === undefined) return undefined;
  const [state = "", baggage = ""] = texts;
  const parent: SpanContext = {
    traceId: bytes.toString("hex", TRACE_AT, SPAN_AT),
    spanId: bytes.toString("hex", SPAN_AT, BASE_BYTES - 2),
    traceFlags: bytes[FLAGS_AT] as number,
    isRemote: true,
  };
  if (state !== "") parent.traceState = createTraceState(state);
  return { parent, baggage };
}

function isEmpty(bytes: Buffer, begin: number, end: number): boolean {
  for (let at = begin; at < end; at++) if (bytes[at] !== 0) return false;
  return true;
}

function fitting(texts: readonly string[]): Buffer[] {
  let left = MAX_BYTES - BASE_BYTES - 2 * texts.length - 3;
  return texts.map((text) => {
    const bytes = Buffer.from(text);
    if (bytes.length > left) return Buffer.alloc(0);
    left -= bytes.length;
    return bytes;
  });
}

function textsIn(bytes: Buffer): readonly string[] | undefined {
  const texts: string[] = [];
  let at = BASE_BYTES;
  while (texts.length < 2 && at + 2 <= bytes.length) {
    const end = at + 2 + bytes.readUInt16LE(at);
    if (end > bytes.length) return undefined;
    texts.push(bytes.toString("utf8", at + 2, end));
    at = end;
  }
  return texts;
}

function multipleOf4(bytes: number): number {
  return Math.ceil(bytes / 4) * 4;
}
