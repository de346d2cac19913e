import { build } from "./building.ts";
import { HEADER_BYTES, setExtension, setFlags, writeHeader } from "./header.ts";
import { Flag } from "./kinds.ts";
import { packValue, packWithRecords } from "./packing.ts";
import { type RecordReader, structuresOf } from "./records.ts";
import { scan as check } from "./scan.ts";

/** A binary payload at least this large is packed by hand, so that it is copied once. */
const LARGE_BINARY_BYTES = 1024;
const BIN32 = 0xc6;
const BIN32_PREFIX_BYTES = 5;
/** A body over this is always checked first: it could hold much to build before something is found to be wrong. */
const ALWAYS_SCAN_BYTES = 4096;

/**
 * Packs values into frames and unpacks bodies. The packer leaves room for the header in front of the value, so a message
 * is written once and never copied on its way to the socket. An instance holds nothing: all of a process share one
 * piece of memory to write to.
 */
export class BodyCodec {
  /**
   * One frame with `value` as its body.
   * @param extension what lies between header and body, at most 65 535 bytes
   * @throws ELPIS_PROTOCOL_NOT_PACKABLE
   */
  frame(
    value: unknown,
    kind: number,
    topic: number,
    correlation: number,
    target: number,
    remainingMs: number,
    extension?: Uint8Array,
  ): Buffer {
    const start = extension === undefined ? HEADER_BYTES : HEADER_BYTES + extension.length;
    const frame =
      value instanceof Uint8Array && value.length >= LARGE_BINARY_BYTES
        ? binaryFrame(value, start)
        : packValue(value, start);
    writeHeader(frame, 0, frame.length, kind, topic, correlation, target, remainingMs);
    if (extension !== undefined) extend(frame, extension);
    return frame;
  }

  /**
   * One frame with `value` as its body, for a reader who has been told all of {@link sharedRecords}, as they are when this
   * returns. An object or list may have records in it, and the frame has {@link Flag.records}.
   * @throws ELPIS_PROTOCOL_NOT_PACKABLE
   */
  frameWithRecords(
    value: unknown,
    kind: number,
    topic: number,
    correlation: number,
    target: number,
    remainingMs: number,
    extension?: Uint8Array,
  ): Buffer {
    if (value === null || typeof value !== "object" || value instanceof Uint8Array) {
      return this.frame(value, kind, topic, correlation, target, remainingMs, extension);
    }
    const start = extension === undefined ? HEADER_BYTES : HEADER_BYTES + extension.length;
    const frame = packWithRecords(value, start);
    writeHeader(frame, 0, frame.length, kind, topic, correlation, target, remainingMs);
    if (extension !== undefined) extend(frame, extension);
    setFlags(frame, 0, Flag.records);
    return frame;
  }

  /**
   * The value in `bytes[start..end)`, undefined when there are none. Binary values in it are views of `bytes`.
   * @param scan whether the whole body is checked before anything is built from it, as for senders that are not of the
   *   family; bodies over 4096 bytes always are. Without it, a wrong one may be read as something harmless. @default true
   * @throws ELPIS_PROTOCOL_BAD_BODY
   */
  unpack(bytes: Buffer, start: number, end: number, scan = true): unknown {
    if (start === end) return undefined;
    if (scan || end - start > ALWAYS_SCAN_BYTES) check(bytes, start, end);
    return build(bytes, start, end);
  }

  /**
   * The same for a body with {@link Flag.records}, whose sender has declared those that `reader` has.
   * @throws ELPIS_PROTOCOL_BAD_BODY
   */
  unpackWithRecords(
    bytes: Buffer,
    start: number,
    end: number,
    reader: RecordReader,
    scan = true,
  ): unknown {
    if (start === end) return undefined;
    const records = structuresOf(reader);
    if (scan || end - start > ALWAYS_SCAN_BYTES) check(bytes, start, end, records);
    return build(bytes, start, end, records);
  }
}

/** A frame without a body. */
export function emptyFrame(
  kind: number,
  topic = 0,
  correlation = 0,
  target = 0,
  remainingMs = 0,
): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES);
  writeHeader(frame, 0, HEADER_BYTES, kind, topic, correlation, target, remainingMs);
  return frame;
}

/** One frame around a body that is packed already; it is copied. */
export function frameAround(
  body: Uint8Array,
  kind: number,
  topic: number,
  correlation: number,
  target: number,
  remainingMs: number,
  extension?: Uint8Array,
): Buffer {
  const start = HEADER_BYTES + (extension?.length ?? 0);
  const frame = Buffer.allocUnsafeSlow(start + body.length);
  writeHeader(frame, 0, frame.length, kind, topic, correlation, target, remainingMs);
  if (extension !== undefined) extend(frame, extension);
  frame.set(body, start);
  return frame;
}

/** The payload is copied: its owner may change it as soon as the call returns. */
function binaryFrame(value: Uint8Array, start: number): Buffer {
  const size = start + BIN32_PREFIX_BYTES + value.length;
  const frame = Buffer.allocUnsafeSlow(size);
  frame[start] = BIN32;
  frame.writeUInt32BE(value.length, start + 1);
  frame.set(value, start + BIN32_PREFIX_BYTES);
  return frame;
}

function extend(frame: Buffer, extension: Uint8Array): void {
  frame.set(extension, HEADER_BYTES);
  setExtension(frame, 0, extension.length);
}
