import { tooLarge } from "./errors.ts";

/** What ends a message of node-ipc: a form feed, which JSON never holds. */
export const DELIMITER = "\f";
const DELIMITER_BYTE = 0x0c;
const FIRST_BYTES = 4096;

/** Cuts bytes into messages. A message over the limit is noticed before it is kept or read. */
export class Frames {
  readonly #maxBytes: number;
  #kept: Buffer = Buffer.alloc(0);
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether a message was begun and not ended. */
  get isPartial(): boolean {
    return this.#length > 0;
  }

  /** The messages that end in `chunk`. @throws ELPIS_NODE_IPC_TOO_LARGE */
  *push(chunk: Buffer): Generator<string> {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(DELIMITER_BYTE, start);
      this.#keep(chunk.subarray(start, end < 0 ? chunk.length : end));
      if (end < 0) return;
      const message = this.#kept.toString("utf8", 0, this.#length);
      this.#length = 0;
      yield message;
      start = end + 1;
    }
  }

  /** Copies: many small chunks must not cost more than the bytes that they hold. */
  #keep(piece: Buffer): void {
    const length = this.#length + piece.length;
    if (length > this.#maxBytes) throw tooLarge(length, this.#maxBytes);
    if (length > this.#kept.length) {
      const room = Math.max(FIRST_BYTES, length, 2 * this.#kept.length);
      const kept = Buffer.allocUnsafe(Math.min(room, Math.max(length, this.#maxBytes)));
      this.#kept.copy(kept, 0, 0, this.#length);
      this.#kept = kept;
    }
    piece.copy(this.#kept, this.#length);
    this.#length = length;
  }
}
