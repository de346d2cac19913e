/** Something that has its place among the lines. `isLost`: what stood before it is lost, there is nothing to be done. */
export type Mark = (isLost: boolean) => Promise<void>;

/** Lines on their way to the disk. */
export interface Batch {
  readonly bytes: Buffer;
  readonly lines: number;
}

interface Entry {
  readonly text: string;
  readonly lines: number;
}

const NOTHING: Entry = { text: "", lines: 0 };

/**
 * Lines that wait for a disk, within a bound. What comes when it is full is lost, and counted; from then on until half of
 * it is free again, so that losses stand together and one note tells of them.
 */
export class LineQueue {
  readonly #maxBytes: number;
  readonly #noteOf: (lines: number) => string;
  #entries: Array<Entry | Mark> = [];
  #head = 0;
  #bytes = 0;
  #lost = 0;
  #untold = 0;

  /** @param noteOf the line that stands where so many are missing; "" for none */
  constructor(maxBytes: number, noteOf: (lines: number) => string) {
    this.#maxBytes = maxBytes;
    this.#noteOf = noteOf;
  }

  /** Bytes that are not confirmed yet. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Lines that are lost so far. */
  get lost(): number {
    return this.#lost;
  }

  /** Whether what comes is lost. */
  get isDropping(): boolean {
    return this.#untold > 0;
  }

  /** Takes whole lines, or counts them. */
  push(text: string, lines: number): void {
    const bytes = Buffer.byteLength(text);
    const isTooMuch = this.#bytes > 0 && this.#bytes + bytes > this.#maxBytes;
    if (this.isDropping || isTooMuch) {
      this.#untold += lines;
      this.#lost += lines;
      return;
    }
    this.#entries.push({ text, lines });
    this.#bytes += bytes;
  }

  /** Puts a mark behind what is there. */
  mark(mark: Mark): void {
    this.#entries.push(mark);
  }

  /** The mark that comes before all lines that wait. */
  takeMark(): Mark | undefined {
    const first = this.#entries[this.#head];
    if (typeof first !== "function") return undefined;
    this.#forget(1);
    return first;
  }

  /** The next lines: at most `maxBytes`, but at least one entry, and none behind a mark. They count until they are confirmed. */
  take(maxBytes: number): Batch | undefined {
    const texts: string[] = [];
    let [size, lines, at] = [0, 0, this.#head];
    for (; at < this.#entries.length; at += 1) {
      const entry = this.#entries[at] ?? NOTHING;
      if (typeof entry === "function") break;
      // Characters instead of bytes: a bound that may be missed by a factor does not have to be counted.
      if (texts.length > 0 && size + entry.text.length > maxBytes) break;
      texts.push(entry.text);
      size += entry.text.length;
      lines += entry.lines;
    }
    if (texts.length === 0) return undefined;
    this.#forget(at - this.#head);
    return { bytes: Buffer.from(texts.length === 1 ? (texts[0] ?? "") : texts.join("")), lines };
  }

  /** So many bytes of what was taken are on the disk. */
  confirm(bytes: number): void {
    this.#bytes -= bytes;
    if (this.isDropping && this.#bytes <= this.#maxBytes / 2) this.#tell();
  }

  /** Gives up whatever waits. @param taken lines that were taken and are not on the disk */
  async loseAll(taken: number): Promise<void> {
    const entries = this.#entries.slice(this.#head);
    this.#entries = [];
    this.#head = 0;
    this.#bytes = 0;
    this.#lost += taken;
    for (const entry of entries) {
      if (typeof entry === "function") await entry(true);
      else this.#lost += entry.lines;
    }
  }

  /** Counts lines that come when it is too late. */
  lose(lines: number): void {
    this.#lost += lines;
  }

  /** Behind what has waited, and before what comes, is the place of what is missing. */
  #tell(): void {
    const text = this.#noteOf(this.#untold);
    this.#untold = 0;
    if (text === "") return;
    this.#entries.push({ text, lines: 0 });
    this.#bytes += Buffer.byteLength(text);
  }

  #forget(count: number): void {
    this.#head += count;
    if (this.#head === this.#entries.length) {
      this.#entries = [];
      this.#head = 0;
    } else if (this.#head > 1024 && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
  }
}
