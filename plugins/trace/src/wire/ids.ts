// Ids are numbers wherever nobody looks at them: a text has to be made, hashed and compared, and is one more object.

const TRACE_BYTES = 16;
const SPAN_BYTES = 8;
const scratch = Buffer.allocUnsafeSlow(TRACE_BYTES);
const view = new DataView(scratch.buffer);

/** The id of a trace: four numbers of 32 bits with a sign, the first digits in the first of them. */
export class TraceId {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  #text: string | undefined;

  constructor(a: number, b: number, c: number, d: number) {
    this.a = a;
    this.b = b;
    this.c = c;
    this.d = d;
  }

  /** @param text 32 digits in hexadecimal */
  static of(text: string): TraceId {
    scratch.write(text, 0, TRACE_BYTES, "hex");
    return TraceId.read(view, 0);
  }

  static read(from: DataView, at: number): TraceId {
    return new TraceId(
      from.getInt32(at),
      from.getInt32(at + 4),
      from.getInt32(at + 8),
      from.getInt32(at + 12),
    );
  }

  write(to: DataView, at: number): void {
    to.setInt32(at, this.a);
    to.setInt32(at + 4, this.b);
    to.setInt32(at + 8, this.c);
    to.setInt32(at + 12, this.d);
  }

  /** Whether it is nothing but zeros, which is none. */
  get isEmpty(): boolean {
    return this.a === 0 && this.b === 0 && this.c === 0 && this.d === 0;
  }

  equals({ a, b, c, d }: TraceId): boolean {
    return d === this.d && c === this.c && b === this.b && a === this.a;
  }

  /** In hexadecimal. */
  get text(): string {
    if (this.#text === undefined) {
      this.write(view, 0);
      this.#text = scratch.toString("hex", 0, TRACE_BYTES);
    }
    return this.#text;
  }
}

/** The id of a span as a text, of its halves. */
export function spanIdText(high: number, low: number): string {
  view.setInt32(0, high);
  view.setInt32(4, low);
  return scratch.toString("hex", 0, SPAN_BYTES);
}

/** Both halves of the id of a span. @param text 16 digits in hexadecimal */
export function spanIdOf(text: string): readonly [high: number, low: number] {
  scratch.write(text, 0, SPAN_BYTES, "hex");
  return [view.getInt32(0), view.getInt32(4)];
}
