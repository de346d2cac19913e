import { createTraceState } from "../otel.ts";
import { BareSpan, type Origin } from "../spans/origin.ts";
import { TraceId } from "../wire/ids.ts";

/** Version of the layout, flags, the two ids, two zeros. */
const BASE_BYTES = 28;
const VERSION = 0;
const FLAGS_AT = 1;
const TRACE_AT = 2;
const SPAN_AT = 18;
/** What travels with a message at most. */
const MAX_BYTES = 1024;
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
  readonly parent: Origin;
  /** As in the header `baggage`; empty without one. */
  readonly baggage: string;
}

/** The same as it came. */
export interface Came extends Carried {
  readonly parent: BareSpan;
}

/** What nearly all are: without state, and without baggage. */
const base = new Uint8Array(BASE_BYTES);
const baseView = new DataView(base.buffer);

/** A span's context as the bytes that travel with a message; what does not fit beside the ids is left out. */
export function encodeCarried({ parent, baggage }: Carried): Uint8Array {
  base[FLAGS_AT] = parent.flags;
  parent.trace.write(baseView, TRACE_AT);
  baseView.setInt32(SPAN_AT, parent.idHigh);
  baseView.setInt32(SPAN_AT + 4, parent.idLow);
  const state = parent.state?.serialize() ?? "";
  if (state === "" && baggage === "") return base.slice();
  const texts = fitting([state, baggage]);
  const length = texts.reduce((sum, { length }) => sum + 2 + length, BASE_BYTES);
  const bytes = Buffer.alloc(multipleOf4(length));
  bytes.set(base);
  let at = BASE_BYTES;
  for (const text of texts) {
    at = bytes.writeUInt16LE(text.length, at);
    at += text.copy(bytes, at);
  }
  return bytes;
}

/** Undefined: there is nothing in it that is understood. */
export function decodeCarried(extension: Uint8Array): Came | undefined {
  if (extension.length < BASE_BYTES || extension[0] !== VERSION) return undefined;
  const trace = new TraceId(
    int32(extension, TRACE_AT),
    int32(extension, TRACE_AT + 4),
    int32(extension, TRACE_AT + 8),
    int32(extension, TRACE_AT + 12),
  );
  const [high, low] = [int32(extension, SPAN_AT), int32(extension, SPAN_AT + 4)];
  if (trace.isEmpty || (high === 0 && low === 0)) return undefined;
  const texts = extension.length === BASE_BYTES ? NO_TEXTS : textsIn(extension);
  if (texts === undefined) return undefined;
  const [state = "", baggage = ""] = texts;
  const flags = extension[FLAGS_AT] as number;
  const how =
    state === ""
      ? { flags, isRemote: true }
      : { flags, isRemote: true, state: createTraceState(state) };
  return { parent: new BareSpan(trace, high, low, how), baggage };
}

/** As the digits say. To have something made that reads it takes longer than to read it. */
function int32(bytes: Uint8Array, at: number): number {
  const part = (place: number): number => bytes[at + place] as number;
  return (part(0) << 24) | (part(1) << 16) | (part(2) << 8) | part(3);
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

function textsIn({ buffer, byteOffset, length }: Uint8Array): readonly string[] | undefined {
  const bytes = Buffer.from(buffer, byteOffset, length);
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
