/** Bytes of a whole number from 0 to 2^53, seven bits in each. */
function sizeOfVarint(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++;
  return size;
}

/** Bytes of a field with a whole number. Numbers of fields are below 16 here: one byte. */
export function sizeOfNumber(value: number): number {
  return 1 + sizeOfVarint(value);
}

/** Bytes of a field with so many bytes. */
export function sizeOfSized(size: number): number {
  return 1 + sizeOfVarint(size) + size;
}

/** Bytes of a field with a text. */
export function sizeOfText(text: string): number {
  return sizeOfSized(Buffer.byteLength(text));
}

/** Writes fields of protobuf; grows as it needs. */
export class ProtoWriter {
  #bytes = Buffer.allocUnsafe(65_536);
  #length = 0;

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #room(size: number): void {
    if (this.#length + size <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + size));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }

  #varint(value: number): void {
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) {
      this.#bytes[this.#length++] = (rest % 128) + 128;
    }
    this.#bytes[this.#length++] = rest;
  }

  /** What comes next, so many bytes, is of this field. */
  begin(field: number, size: number): void {
    this.#room(11);
    this.#bytes[this.#length++] = field * 8 + 2;
    this.#varint(size);
  }

  number(field: number, value: number): void {
    this.#room(11);
    this.#bytes[this.#length++] = field * 8;
    this.#varint(value);
  }

  double(field: number, value: number): void {
    this.#room(9);
    this.#bytes[this.#length++] = field * 8 + 1;
    this.#length = this.#bytes.writeDoubleLE(value, this.#length);
  }

  text(field: number, text: string): void {
    const size = Buffer.byteLength(text);
    this.begin(field, size);
    this.#room(size);
    this.#length += this.#bytes.write(text, this.#length);
  }
}
