/**
 * The header that opens every frame: 32 bytes, integers little-endian.
 *
 *     0  u32  size         bytes of the whole frame: header, extension, body, padding
 *     4  u8   kind
 *     5  u8   flags
 *     6  u8   code         fault: why; otherwise 0
 *     7  u8   padding      bytes behind the body that belong to no one (0..7)
 *     8  u32  topic        from a peer: its route number; from the hub: its topic number
 *    12  u32  correlation  joins an answer to its question; chosen by whoever asks on this connection
 *    16  u32  source       the sender's peer number; stamped by the hub, ignored on what a peer sends
 *    20  u32  target       one peer's number, or 0: whoever the route means
 *    24  u32  remaining    milliseconds until the caller stops waiting, or 0
 *    28  u16  extension    bytes between header and body, in which whoever traces has something travel along
 *    30  u16  reserved     0
 */
export const HEADER_BYTES = 32;

const KIND = 4;
const FLAGS = 5;
const CODE = 6;
const PADDING = 7;
const TOPIC = 8;
const CORRELATION = 12;
const SOURCE = 16;
const TARGET = 20;
const REMAINING = 24;
const EXTENSION = 28;

function readU32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)) >>>
    0
  );
}

function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

/** Writes a whole header at `at`. Positional, because it runs for every message. */
export function writeHeader(
  bytes: Uint8Array,
  at: number,
  size: number,
  kind: number,
  topic: number,
  correlation: number,
  target: number,
  remainingMs: number,
): void {
  writeU32(bytes, at, size);
  bytes[at + KIND] = kind;
  bytes[at + FLAGS] = 0;
  bytes[at + CODE] = 0;
  bytes[at + PADDING] = 0;
  writeU32(bytes, at + TOPIC, topic);
  writeU32(bytes, at + CORRELATION, correlation);
  writeU32(bytes, at + SOURCE, 0);
  writeU32(bytes, at + TARGET, target);
  writeU32(bytes, at + REMAINING, remainingMs);
  writeU32(bytes, at + EXTENSION, 0);
}

export const sizeOf = (frame: Uint8Array, at: number): number => readU32(frame, at);
export const kindOf = (frame: Uint8Array, at: number): number => frame[at + KIND] as number;
export const paddingOf = (frame: Uint8Array, at: number): number => frame[at + PADDING] as number;
export const flagsOf = (frame: Uint8Array, at: number): number => frame[at + FLAGS] as number;
export const codeOf = (frame: Uint8Array, at: number): number => frame[at + CODE] as number;
export const topicOf = (frame: Uint8Array, at: number): number => readU32(frame, at + TOPIC);
export const correlationOf = (frame: Uint8Array, at: number): number =>
  readU32(frame, at + CORRELATION);
export const sourceOf = (frame: Uint8Array, at: number): number => readU32(frame, at + SOURCE);
export const targetOf = (frame: Uint8Array, at: number): number => readU32(frame, at + TARGET);
export const remainingOf = (frame: Uint8Array, at: number): number =>
  readU32(frame, at + REMAINING);
export const extensionOf = (frame: Uint8Array, at: number): number =>
  (frame[at + EXTENSION] as number) | ((frame[at + EXTENSION + 1] as number) << 8);

/** Where the body of the frame at `at` begins. */
export const bodyStart = (frame: Uint8Array, at: number): number =>
  at + HEADER_BYTES + extensionOf(frame, at);
/** Where the body of the frame at `at` ends; padding may follow. */
export const bodyEnd = (frame: Uint8Array, at: number): number =>
  at + readU32(frame, at) - (frame[at + PADDING] as number);

export const setSize = (frame: Uint8Array, at: number, size: number): void =>
  writeU32(frame, at, size);
export const setKind = (frame: Uint8Array, at: number, kind: number): void => {
  frame[at + KIND] = kind;
};
export const setFlags = (frame: Uint8Array, at: number, flags: number): void => {
  frame[at + FLAGS] = flags;
};
export const setCode = (frame: Uint8Array, at: number, code: number): void => {
  frame[at + CODE] = code;
};
export const setTopic = (frame: Uint8Array, at: number, topic: number): void =>
  writeU32(frame, at + TOPIC, topic);
export const setCorrelation = (frame: Uint8Array, at: number, correlation: number): void =>
  writeU32(frame, at + CORRELATION, correlation);
export const setSource = (frame: Uint8Array, at: number, source: number): void =>
  writeU32(frame, at + SOURCE, source);
/** Says that `bytes` lie between header and body. They are counted in the size already. */
export const setExtension = (frame: Uint8Array, at: number, bytes: number): void => {
  frame[at + EXTENSION] = bytes;
  frame[at + EXTENSION + 1] = bytes >>> 8;
};
export const setRemaining = (frame: Uint8Array, at: number, remainingMs: number): void =>
  writeU32(frame, at + REMAINING, remainingMs);

/** Adds `bytes` (at most 7) of padding to the frame at `at`, so that the next frame in the same buffer touches it. */
export function addPadding(frame: Uint8Array, at: number, bytes: number): void {
  const size = readU32(frame, at);
  const memory = new Uint8Array(frame.buffer, frame.byteOffset + at + size, bytes);
  memory.fill(0);
  frame[at + PADDING] = bytes;
  writeU32(frame, at, size + bytes);
}

/** Whether a header makes sense by itself: parts that fit into the frame. */
export function isSound(frame: Uint8Array, at: number): boolean {
  const size = readU32(frame, at);
  const padding = frame[at + PADDING] as number;
  return padding < 8 && HEADER_BYTES + extensionOf(frame, at) + padding <= size;
}
