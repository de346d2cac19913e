import type { PackedSpans } from "./layout.ts";

/** A text of JavaScript, and what points at it. */
const TEXT_BYTES = 24;

/** What the texts of a batch take, about, in bytes. */
function bytesOfTexts(texts: readonly string[]): number {
  let bytes = 0;
  for (const { length } of texts) bytes += TEXT_BYTES + length;
  return bytes;
}

/** Spans that came together, and whose they are. */
export interface Batch<Process> {
  readonly process: Process;
  readonly texts: readonly string[];
  readonly bytes: Buffer;
  /** The same bytes: numbers are read from it, which costs next to nothing there. */
  readonly view: DataView;
  /** What each span has of the texts, in bytes. */
  readonly share: number;
}

export function batchOf<Process>(packed: PackedSpans, process: Process): Batch<Process> {
  const { texts, count } = packed;
  // Else all that was read with it from a socket would be held as well.
  const bytes = Buffer.allocUnsafeSlow(packed.bytes.length);
  bytes.set(packed.bytes);
  const share = Math.ceil(bytesOfTexts(texts) / Math.max(1, count));
  return { process, texts, bytes, view: new DataView(bytes.buffer), share };
}

/** Room of their own for spans that came in several batches, so that nothing else of those is held. */
export class Room<Process> {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  readonly #batches = new Map<Batch<Process>, Batch<Process>>();
  #at = 0;

  constructor(bytes: number) {
    this.#bytes = Buffer.allocUnsafeSlow(bytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** The batch to be read from instead of another one. */
  insteadOf(batch: Batch<Process>): Batch<Process> {
    let own = this.#batches.get(batch);
    if (own === undefined) {
      own = { ...batch, bytes: this.#bytes, view: this.#view };
      this.#batches.set(batch, own);
    }
    return own;
  }

  /** Copies bytes of a batch. @returns where they are now */
  copy({ bytes }: Batch<Process>, begin: number, length: number): number {
    const at = this.#at;
    bytes.copy(this.#bytes, at, begin, begin + length);
    this.#at += length;
    return at;
  }

  /** What the texts take that are still shared with others. */
  bytesOfTexts(): number {
    const lists = new Set<readonly string[]>();
    for (const { texts } of this.#batches.keys()) lists.add(texts);
    let bytes = 0;
    for (const texts of lists) bytes += bytesOfTexts(texts);
    return bytes;
  }
}
