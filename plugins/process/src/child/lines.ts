import { StringDecoder } from "node:string_decoder";

/** How much of a line is kept, in characters; the rest is cut and counted. */
export const MAX_LINE_LENGTH: number = 64 * 1024;

/** Cuts a stream of bytes into lines, and never holds more than one line of bounded length. */
export class LineSplitter {
  readonly #decoder = new StringDecoder("utf8");
  readonly #onLine: (text: string) => void;
  #open = "";
  #cut = 0;

  constructor(onLine: (text: string) => void) {
    this.#onLine = onLine;
  }

  write(chunk: Buffer): void {
    this.#take(this.#decoder.write(chunk));
  }

  /** Hands over a last line without an end. */
  end(): void {
    this.#take(this.#decoder.end());
    if (this.#open !== "" || this.#cut > 0) this.#finish();
  }

  #take(text: string): void {
    let from = 0;
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", from)) {
      this.#append(text, from, at);
      this.#finish();
      from = at + 1;
    }
    this.#append(text, from, text.length);
  }

  #append(text: string, from: number, to: number): void {
    const end = Math.min(to, from + MAX_LINE_LENGTH - this.#open.length);
    this.#open += text.slice(from, end);
    this.#cut += to - end;
  }

  #finish(): void {
    const whole = this.#open.endsWith("\r") ? this.#open.slice(0, -1) : this.#open;
    const line = this.#cut > 0 ? `${whole} [${this.#cut} characters cut]` : whole;
    this.#open = "";
    this.#cut = 0;
    this.#onLine(line);
  }
}

/** The last lines that were written, for error messages. */
export class Tail {
  readonly #lines: string[] = [];
  readonly #limit: number;

  constructor(limit = 20) {
    this.#limit = limit;
  }

  add(line: string): void {
    if (this.#lines.length === this.#limit) this.#lines.shift();
    this.#lines.push(line.length > 500 ? `${line.slice(0, 500)}...` : line);
  }

  clear(): void {
    this.#lines.length = 0;
  }

  get lines(): readonly string[] {
    return [...this.#lines];
  }
}
