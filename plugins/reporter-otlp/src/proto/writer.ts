/** Writes protobuf: grows as it needs. */
export class ProtoWriter {
  #bytes = Buffer.allocUnsafe(65_536);
  #length = 0;

  /** What was written; shared with this writer. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #room(size: number): void {
    if (this.#length + size <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + size));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }

  /** A whole number from 0 up to 2^53. */
  varint(value: number): void {
    this.#room(10);
    this.#put(value);
  }

  /** There is room for it. */
  #put(value: number): void {
    let rest = value;
    while (rest >= 128) {
      this.#bytes[this.#length++] = (rest % 128) + 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#length++] = rest;
  }

  /** A whole number of 64 bits; one below zero as its two's complement. */
  int64(value: number): void {
    if (value >= 0) return this.varint(value);
    this.#room(10);
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest >= 128n; rest >>= 7n) this.#bytes[this.#length++] = Number(rest & 127n) + 128;
    this.#bytes[this.#length++] = Number(rest);
  }

  fixed32(value: number): void {
    this.#room(4);
    this.#length = this.#bytes.writeUInt32LE(value, this.#length);
  }

  /** A whole number from 0: as a number up to 2^53, or as its digits. */
  fixed64(value: number | string): void {
    this.#room(8);
    if (typeof value === "string") {
      this.#length = this.#bytes.writeBigUInt64LE(BigInt(value), this.#length);
      return;
    }
    this.#length = this.#bytes.writeUInt32LE(value % 2 ** 32, this.#length);
    this.#length = this.#bytes.writeUInt32LE(Math.floor(value / 2 ** 32), this.#length);
  }

  double(value: number): void {
    this.#room(8);
    this.#length = this.#bytes.writeDoubleLE(value, this.#length);
  }

  /** A text, or bytes in hexadecimal, with the length in front. */
  text(value: string, encoding: "utf8" | "hex"): void {
    const size = Buffer.byteLength(value, encoding);
    this.varint(size);
    this.#room(size);
    this.#length += this.#bytes.write(value, this.#length, encoding);
  }

  /** Whatever `write` writes, with its length in front. */
  sized(write: () => void): void {
    this.#room(1);
    // One byte is kept for the length, which is enough for most; else what was written moves on.
    const start = ++this.#length;
    write();
    const end = this.#length;
    const size = end - start;
    let more = 0;
    for (let rest = size; rest >= 128; rest = Math.floor(rest / 128)) more++;
    this.#room(more);
    if (more > 0) this.#bytes.copyWithin(start + more, start, end);
    this.#length = start - 1;
    this.#put(size);
    this.#length = end + more;
  }
}
