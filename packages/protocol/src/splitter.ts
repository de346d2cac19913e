import { frameTooLarge, protocolError } from "./errors.ts";
import { HEADER_BYTES, isSound, paddingOf, sizeOf } from "./header.ts";

/** Below this, a frame that arrives in pieces is put together even for a sink that takes pieces. */
const LARGE_FRAME_BYTES = 16 * 1024;
/** A frame that comes in more pieces than this is put together: each piece costs more memory than it holds. */
const MAX_PIECES = 64;

/** Takes whole frames. Neighbours that lie in one chunk come together, so that they can also leave together. */
export interface FrameSink {
  /** One or more whole frames in `chunk[from..to)`. */
  frames(chunk: Buffer, from: number, to: number): void;
  /**
   * One large frame in pieces, the first of which holds the whole header: for a sink that passes bytes on, and has no use
   * for them in one place. A sink without this method gets every frame whole.
   */
  pieces?(pieces: readonly Buffer[]): void;
}

/**
 * Cuts a stream of bytes into frames. A frame over the limit, or with a header that makes no sense, throws before any
 * memory is set aside for it; the splitter is then unusable and the connection is to be closed.
 */
export class Splitter {
  readonly #sink: FrameSink;
  /** Collects a header that arrives in pieces; most connections never need it. */
  #header: Buffer | undefined;
  /** The frame that is being put together, once its header is known. */
  #frame: Buffer | undefined;
  /** Or its pieces, and how many bytes they will be. */
  #pieces: Buffer[] = [];
  #need = 0;
  /** Bytes there are of the header, or of the frame once that is known. */
  #have = 0;
  #maxFrameBytes: number;

  constructor(sink: FrameSink, maxFrameBytes: number) {
    this.#sink = sink;
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** The largest frame that is let through from now on, in bytes. */
  set maxFrameBytes(limit: number) {
    this.#maxFrameBytes = limit;
  }

  /** Bytes of an unfinished frame that are kept. */
  get pendingBytes(): number {
    return this.#have;
  }

  /** @throws ELPIS_PROTOCOL_INVALID, ELPIS_PROTOCOL_FRAME_TOO_LARGE */
  feed(chunk: Buffer): void {
    const from = this.#have === 0 ? 0 : this.#complete(chunk);
    let at = from;
    try {
      while (chunk.length - at >= HEADER_BYTES) {
        const size = this.#check(chunk, at);
        if (chunk.length - at < size) break;
        at += size;
      }
    } finally {
      // What came before a broken frame is still good.
      if (at > from) this.#sink.frames(chunk, from, at);
    }
    if (at < chunk.length) this.#begin(chunk, at);
  }

  /** Keeps the start of a frame whose rest is still to come. */
  #begin(chunk: Buffer, at: number): void {
    const rest = chunk.length - at;
    if (rest >= HEADER_BYTES) {
      const size = sizeOf(chunk, at);
      if (size >= LARGE_FRAME_BYTES && this.#sink.pieces !== undefined) {
        this.#pieces.push(chunk.subarray(at));
        this.#need = size;
        this.#have = rest;
        return;
      }
      this.#frame = Buffer.allocUnsafeSlow(size);
    }
    this.#have = chunk.copy(this.#frame ?? this.#ownHeader(), 0, at);
  }

  /** Adds to the frame that earlier chunks began; returns how much of `chunk` it took. */
  #complete(chunk: Buffer): number {
    if (this.#pieces.length > 0) return this.#addPiece(chunk);
    let taken = 0;
    if (this.#frame === undefined) {
      const header = this.#ownHeader();
      taken = chunk.copy(header, this.#have, 0);
      this.#have += taken;
      if (this.#have < HEADER_BYTES) return taken;
      this.#frame = Buffer.allocUnsafeSlow(this.#check(header, 0));
      header.copy(this.#frame);
    }
    const frame = this.#frame;
    const more = chunk.copy(frame, this.#have, taken);
    this.#have += more;
    if (this.#have < frame.length) return chunk.length;
    this.#frame = undefined;
    this.#have = 0;
    this.#sink.frames(frame, 0, frame.length);
    return taken + more;
  }

  #addPiece(chunk: Buffer): number {
    const taken = Math.min(this.#need - this.#have, chunk.length);
    this.#pieces.push(taken === chunk.length ? chunk : chunk.subarray(0, taken));
    this.#have += taken;
    const pieces = this.#pieces;
    if (this.#have === this.#need) {
      this.#pieces = [];
      this.#have = 0;
      this.#sink.pieces?.(pieces);
    } else if (pieces.length > MAX_PIECES) {
      this.#frame = Buffer.allocUnsafeSlow(this.#need);
      Buffer.concat(pieces, this.#have).copy(this.#frame);
      this.#pieces = [];
    }
    return taken;
  }

  #ownHeader(): Buffer {
    this.#header ??= Buffer.allocUnsafeSlow(HEADER_BYTES);
    return this.#header;
  }

  #check(bytes: Buffer, at: number): number {
    const size = sizeOf(bytes, at);
    if (size < HEADER_BYTES) throw protocolError(`a frame says it has ${size} bytes`, { size });
    if (!isSound(bytes, at)) throw protocolError("the parts of a frame exceed its size", { size });
    // Padding comes when frames are put side by side, after the sender has looked at the limit.
    const own = size - paddingOf(bytes, at);
    if (own > this.#maxFrameBytes) throw frameTooLarge(own, this.#maxFrameBytes);
    return size;
  }
}
