// The bytes of the peer `limit`: frames with a fixed header, an outbox that writes once per tick, a reader.
//
// Frame: u32 length, header included | u16 to | u16 from | u32 call | u8 kind | u8 padding behind the frame | u16 unused
import { once } from "node:events";
import { Packr, RESERVE_START_SPACE } from "msgpackr";

const HEADER = 16;
const PADDING_AT = 13;
const BIN32 = 0xc6;
/** Batches up to this size are copied together; larger ones leave as a vector. */
const COPY_BYTES = 16_384;
/** Above this a socket takes no more for the time being. */
const HIGH_BYTES = 1 << 20;

const packr = new Packr({ useRecords: false });
const u16 = (b, at) => b[at] | (b[at + 1] << 8);
const u32 = (b, at) => (b[at] | (b[at + 1] << 8) | (b[at + 2] << 16) | (b[at + 3] << 24)) >>> 0;

/** The fields of the frame that starts at `at`. */
export const head = {
  to: (chunk, at) => u16(chunk, at + 4),
  from: (chunk, at) => u16(chunk, at + 6),
  call: (chunk, at) => u32(chunk, at + 8),
  kind: (chunk, at) => chunk[at + 12],
};

function writeHeader(b, length, kind, to, from, call) {
  b.writeUInt32LE(length, 0);
  b.writeUInt16LE(to, 4);
  b.writeUInt16LE(from, 6);
  b.writeUInt32LE(call, 8);
  b.writeUInt32LE(kind, 12);
}

/** Collects what one socket is to send until the end of the tick. Neighbours in memory leave as one slice. */
export class Outbox {
  #socket;
  #parts = [];
  #bytes = 0;
  #backlog = 0;
  #drained;
  #open = null;
  #start = 0;
  #end = 0;
  #lastFrame = null;
  #flush = () => this.#write();

  constructor(socket) {
    this.#socket = socket;
  }

  /** Whole frames, or a piece of one: bytes `start` to `end` of `chunk`. */
  forward(chunk, start, end) {
    this.#lastFrame = null;
    this.#add(chunk.buffer, chunk.byteOffset + start, chunk.byteOffset + end);
  }

  encode(kind, to, from, call, payload) {
    if (Buffer.isBuffer(payload)) {
      const prefix = Buffer.allocUnsafeSlow(HEADER + 5);
      writeHeader(prefix, HEADER + 5 + payload.length, kind, to, from, call);
      prefix[HEADER] = BIN32;
      prefix.writeUInt32BE(payload.length, HEADER + 1);
      this.forward(prefix, 0, prefix.length);
      this.forward(payload, 0, payload.length);
      return;
    }
    const frame = packr.pack(payload, RESERVE_START_SPACE | HEADER);
    writeHeader(frame, frame.length, kind, to, from, call);
    // msgpackr starts each value at a multiple of 8: what it skips becomes the padding of the frame before.
    const gap = frame.byteOffset - this.#end;
    const near = this.#lastFrame !== null && frame.buffer === this.#open && gap >= 0 && gap < 8;
    if (near) this.#lastFrame[PADDING_AT] = gap;
    this.#add(frame.buffer, near ? this.#end : frame.byteOffset, frame.byteOffset + frame.length);
    this.#lastFrame = frame;
  }

  /** A promise while the socket has more to write than it should. */
  get full() {
    if (this.#bytes + this.#backlog < HIGH_BYTES) return undefined;
    this.#drained ??= once(this.#socket, "drain").finally(() => {
      this.#drained = undefined;
      this.#backlog = 0;
    });
    return this.#drained;
  }

  #add(memory, start, end) {
    if (this.#bytes === 0) process.nextTick(this.#flush);
    this.#bytes += end - start;
    if (memory === this.#open && start === this.#end) {
      this.#end = end;
      return;
    }
    if (this.#open !== null) this.#close();
    this.#open = memory;
    this.#start = start;
    this.#end = end;
  }

  #close() {
    this.#parts.push(Buffer.from(this.#open, this.#start, this.#end - this.#start));
    this.#open = null;
    this.#lastFrame = null;
  }

  #write() {
    if (this.#open !== null) this.#close();
    const parts = this.#parts;
    const bytes = this.#bytes;
    this.#parts = [];
    this.#bytes = 0;
    if (this.#socket.destroyed) return;
    if (parts.length === 1) this.#socket.write(parts[0]);
    else if (bytes <= COPY_BYTES) this.#socket.write(Buffer.concat(parts, bytes));
    else {
      this.#socket.cork();
      for (const part of parts) this.#socket.write(part);
      this.#socket.uncork();
    }
    this.#backlog = this.#socket.writableLength;
  }
}

/** Calls `onFrame(chunk, start, end)` for each frame in one chunk and `onPieces(pieces)` for each that came in several. */
export function reader(onFrame, onPieces) {
  let pieces = [];
  let missing = 0;
  return (data) => {
    let chunk = data;
    let at = 0;
    if (missing > 0) {
      at = Math.min(missing, chunk.length);
      pieces.push(chunk.subarray(0, at));
      missing -= at;
      if (missing > 0) return;
      onPieces(pieces);
      pieces = [];
    } else if (pieces.length > 0) {
      chunk = Buffer.concat([...pieces, chunk]);
      pieces = [];
    }
    while (chunk.length - at >= HEADER) {
      const end = at + u32(chunk, at) + chunk[at + PADDING_AT];
      if (end > chunk.length) {
        missing = end - chunk.length;
        break;
      }
      onFrame(chunk, at, end);
      at = end;
    }
    if (at < chunk.length) pieces.push(chunk.subarray(at));
  };
}

const range = { start: 0, end: 0 };
/** The payload of the frame that starts at `at`. */
export function decode(chunk, at) {
  range.start = at + HEADER;
  range.end = at + u32(chunk, at);
  return packr.unpack(chunk, range);
}
