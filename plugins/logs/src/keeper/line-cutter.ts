/** How much of a line is kept, in bytes; what is longer is cut, and says so. */
export const MAX_LINE_BYTES: number = 64 * 1024;

const NEWLINE = 0x0a;
const EMPTY = Buffer.alloc(0);

/** Whole lines: text that ends without its last line break, and how many lines it is. */
export interface Lines {
  readonly text: string;
  readonly count: number;
}

/**
 * Cuts what comes from a pipe into whole lines, many at a time, and holds no more than one line of bounded length. Lines
 * stay together in one text, so that what is the same for all of them costs once.
 */
export class LineCutter {
  #rest: Buffer = EMPTY;
  /** Bytes of a line that is too long, that were thrown away so far. */
  #cut = 0;

  /** Undefined: no line has ended yet. */
  push(chunk: Buffer): Lines | undefined {
    const end = chunk.lastIndexOf(NEWLINE);
    if (end < 0) {
      this.#keep(chunk);
      return undefined;
    }
    const first = this.#rest.length > 0 || this.#cut > 0 ? chunk.indexOf(NEWLINE) : -1;
    const head = first < 0 ? undefined : this.#finish(chunk.subarray(0, first));
    const body = first < end ? linesOf(chunk.subarray(first + 1, end)) : undefined;
    this.#rest = EMPTY;
    this.#keep(chunk.subarray(end + 1));
    return together(head, body);
  }

  /** What is left without a line break. */
  end(): Lines | undefined {
    if (this.#rest.length === 0 && this.#cut === 0) return undefined;
    const last = this.#finish(EMPTY);
    this.#rest = EMPTY;
    return last;
  }

  #keep(part: Buffer): void {
    const room = MAX_LINE_BYTES - this.#rest.length;
    // A copy: the chunk that it is a part of may be large, and waits for the rest of this line otherwise.
    if (part.length > 0) this.#rest = Buffer.concat([this.#rest, part.subarray(0, room)]);
    this.#cut += Math.max(0, part.length - room);
  }

  #finish(part: Buffer): Lines {
    this.#keep(part);
    const whole = stripped(this.#rest.toString("utf8"));
    const text = this.#cut > 0 ? `${whole} [${this.#cut} bytes cut]` : whole;
    this.#cut = 0;
    this.#rest = EMPTY;
    return { text, count: 1 };
  }
}

function linesOf(bytes: Buffer): Lines {
  const text = bytes.toString("utf8");
  let count = 1;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) count += 1;
  const isPlain = bytes.length <= MAX_LINE_BYTES && !text.includes("\r");
  return { text: isPlain ? text : text.split("\n").map(shortened).join("\n"), count };
}

function shortened(line: string): string {
  const text = stripped(line);
  if (text.length <= MAX_LINE_BYTES) return text;
  return `${text.slice(0, MAX_LINE_BYTES)} [${text.length - MAX_LINE_BYTES} characters cut]`;
}

function stripped(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}

function together(head: Lines | undefined, body: Lines | undefined): Lines | undefined {
  if (head === undefined || body === undefined) return head ?? body;
  return { text: `${head.text}\n${body.text}`, count: head.count + body.count };
}
