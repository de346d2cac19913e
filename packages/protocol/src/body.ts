import { type Options, Packr, RESERVE_START_SPACE, Unpackr } from "msgpackr";
import { notPackable } from "./errors.ts";
import { HEADER_BYTES, writeHeader } from "./header.ts";

/** A binary payload at least this large is packed by hand, so that it is copied once. */
const LARGE_BINARY_BYTES = 1024;
const BIN32 = 0xc6;
const BIN32_PREFIX_BYTES = 5;

const PACKING: Options = {
  useRecords: false,
  structuredClone: false,
  // Without it, typed arrays other than bytes are written as rubbish.
  moreTypes: true,
  // Without it, a function is sent as undefined.
  writeFunction: () => {
    throw new TypeError("a function has no value");
  },
};

/**
 * Packs values into frames and unpacks bodies. The packer leaves room for the header in front of the value, so a message
 * is written once and never copied on its way to the socket.
 */
export class BodyCodec {
  readonly #packr = new Packr(PACKING);
  readonly #unpackr = new Unpackr({ useRecords: false, structuredClone: false });
  readonly #range = { start: 0, end: 0 };

  /**
   * One frame with `value` as its body.
   * @throws ELPIS_PROTOCOL_NOT_PACKABLE
   */
  frame(
    value: unknown,
    kind: number,
    topic: number,
    correlation: number,
    target: number,
    remainingMs: number,
  ): Buffer {
    const frame =
      value instanceof Uint8Array && value.length >= LARGE_BINARY_BYTES
        ? binaryFrame(value)
        : this.#pack(value);
    writeHeader(frame, 0, frame.length, kind, topic, correlation, target, remainingMs);
    return frame;
  }

  /** The value in `bytes[start..end)`; throws whatever the decoder throws. */
  unpack(bytes: Buffer, start: number, end: number): unknown {
    if (start === end) return undefined;
    this.#range.start = start;
    this.#range.end = end;
    return this.#unpackr.unpack(bytes, this.#range as unknown as number);
  }

  #pack(value: unknown): Buffer {
    try {
      return this.#packr.pack(value, RESERVE_START_SPACE | HEADER_BYTES);
    } catch (cause) {
      throw notPackable(cause);
    }
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

/** The payload is copied: its owner may change it as soon as the call returns. */
function binaryFrame(value: Uint8Array): Buffer {
  const size = HEADER_BYTES + BIN32_PREFIX_BYTES + value.length;
  const frame = Buffer.allocUnsafeSlow(size);
  frame[HEADER_BYTES] = BIN32;
  frame.writeUInt32BE(value.length, HEADER_BYTES + 1);
  frame.set(value, HEADER_BYTES + BIN32_PREFIX_BYTES);
  return frame;
}
