import { INLINE } from "./layout.ts";

const FIRST_BYTES = 16 * 1024;
const MAX_FIRST_BYTES = 8 * FIRST_BYTES;
const MAX_BYTES_OF_CHAR = 3;

/** Writes one thing after the other into a row of bytes that grows as needed. Numbers are little-endian. */
export class Writer {
  #buffer: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  /** The same bytes: Node's buffers write numbers by way of functions in JavaScript. */
  view: DataView = viewOf(this.#buffer);
  /** How many are written. */
  at = 0;

  /** Has room for so many more. */
  ensure(bytes: number): void {
    const needed = this.at + bytes;
    if (needed > this.#buffer.length) this.#grow(needed);
  }

  u8(value: number): void {
    this.ensure(1);
    this.view.setUint8(this.at, value);
    this.at += 1;
  }

  u16(value: number): void {
    this.ensure(2);
    this.view.setUint16(this.at, value, true);
    this.at += 2;
  }

  u32(value: number): void {
    this.ensure(4);
    this.view.setUint32(this.at, value, true);
    this.at += 4;
  }

  f64(value: number): void {
    this.ensure(8);
    this.view.setFloat64(this.at, value, true);
    this.at += 8;
  }

  /** A text in UTF-8. @returns how many bytes it has */
  text(text: string): number {
    this.ensure(MAX_BYTES_OF_CHAR * text.length);
    const length = this.#buffer.write(text, this.at);
    this.at += length;
    return length;
  }

  /** A text with how long it is. */
  inline(text: string): void {
    this.u32(0);
    const before = this.at;
    const length = this.text(text);
    this.view.setUint32(before - 4, INLINE | length, true);
  }

  /** An id of so many bytes, in hexadecimal. Whoever made it may have made it of anything. */
  hex(text: string, bytes: number): void {
    this.ensure(bytes);
    this.#buffer.fill(0, this.at, this.at + bytes);
    this.#buffer.write(text, this.at, bytes, "hex");
    this.at += bytes;
  }

  /** Takes out all that was written. */
  take(): Buffer {
    const bytes = this.#buffer.subarray(0, this.at);
    // Whoever sends it needs it unchanged, perhaps for a while; the next one will be as long, about.
    this.#use(Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, Math.min(this.at, MAX_FIRST_BYTES))));
    this.at = 0;
    return bytes;
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#buffer.length));
    this.#buffer.copy(larger, 0, 0, this.at);
    this.#use(larger);
  }

  #use(buffer: Buffer): void {
    this.#buffer = buffer;
    this.view = viewOf(buffer);
  }
}

function viewOf({ buffer, byteOffset, length }: Buffer): DataView {
  return new DataView(buffer, byteOffset, length);
}
