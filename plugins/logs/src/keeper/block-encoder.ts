import type { KeptLine, OutputStream } from "@elpis/api";
import { encoderOf, type LineEncoder, type LineFormat } from "../lines/encode.ts";
import type { Lines } from "./line-cutter.ts";

/** Whose lines they are. */
export interface BlockSource {
  readonly process: string;
  readonly index: number;
  readonly pid: number;
}

/**
 * Makes of whole lines what stands in the file. Lines that came together have one time; in a file for people all that
 * stands before their text is then the same, and goes between them in one replacement.
 */
export class BlockEncoder {
  readonly #format: LineFormat;
  readonly #encoders = new Map<string, LineEncoder>();

  constructor(format: LineFormat) {
    this.#format = format;
  }

  block(source: BlockSource, stream: OutputStream, { text, count }: Lines, timeMs: number): string {
    const time = new Date(timeMs).toISOString();
    const encode = this.#encoderOf(source);
    if (count === 1) return encode(time, source.pid, stream, text);
    if (this.#format === "text") {
      const before = encode(time, source.pid, stream, "").slice(0, -1);
      return `${before}${text.replaceAll("\n", `\n${before}`)}\n`;
    }
    let block = "";
    let from = 0;
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", from)) {
      block += encode(time, source.pid, stream, text.slice(from, at));
      from = at + 1;
    }
    return block + encode(time, source.pid, stream, text.slice(from));
  }

  line(line: KeptLine): string {
    return this.block(
      line,
      line.stream,
      { text: line.text.replaceAll("\n", " "), count: 1 },
      line.time,
    );
  }

  #encoderOf({ process, index }: BlockSource): LineEncoder {
    const key = `${process}.${index}`;
    const known = this.#encoders.get(key);
    if (known !== undefined) return known;
    const made = encoderOf({ process, index, format: this.#format });
    this.#encoders.set(key, made);
    return made;
  }
}
