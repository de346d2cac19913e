import { addPadding } from "@elpis/protocol";
import type { Link } from "./link.ts";

/** The packer aligns frames to 8 bytes: a smaller gap between two frames is padding of the first. */
const ALIGNMENT = 8;

/** Frames that lie one behind the other in the packer's memory. */
interface Run {
  readonly first: Buffer;
  last: Buffer;
  end: number;
}

/** Collects what leaves over one link and writes it once per turn of the event loop. */
export class Outbox {
  readonly #link: Link;
  #pieces: Buffer[] = [];
  #bytes = 0;
  #scheduled = false;
  /** What the next frame may join; not yet among the pieces. */
  #run: Run | undefined;
  readonly #flush = (): void => this.flush();

  constructor(link: Link) {
    this.#link = link;
  }

  /** Bytes that wait here or in the link. */
  get queuedBytes(): number {
    return this.#bytes + this.#link.queuedBytes;
  }

  /** Adds bytes that are not touched any more: whole frames, or parts of one in order. */
  push(bytes: Buffer): void {
    this.#endRun();
    this.#pieces.push(bytes);
    this.#bytes += bytes.length;
    this.#schedule();
  }

  /** Adds a frame that the packer has just made. Neighbours in the packer's memory leave as one piece. */
  pushFresh(frame: Buffer): void {
    const run = this.#run;
    const start = frame.byteOffset;
    const end = start + frame.length;
    if (run !== undefined && run.first.buffer === frame.buffer) {
      const gap = start - run.end;
      if (gap >= 0 && gap < ALIGNMENT) {
        if (gap > 0) addPadding(run.last, 0, gap);
        run.last = frame;
        run.end = end;
        this.#bytes += gap + frame.length;
        return;
      }
    }
    this.#endRun();
    this.#run = { first: frame, last: frame, end };
    this.#bytes += frame.length;
    this.#schedule();
  }

  /** Writes now what was collected. */
  flush(): void {
    this.#scheduled = false;
    if (this.#bytes === 0) return;
    this.#endRun();
    const pieces = this.#pieces;
    const bytes = this.#bytes;
    this.#pieces = [];
    this.#bytes = 0;
    this.#link.write(pieces, bytes);
  }

  #endRun(): void {
    const run = this.#run;
    if (run === undefined) return;
    this.#run = undefined;
    const { first, last, end } = run;
    if (first === last) {
      this.#pieces.push(first);
      return;
    }
    const { buffer, byteOffset } = first;
    this.#pieces.push(Buffer.from(buffer as ArrayBuffer, byteOffset, end - byteOffset));
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    process.nextTick(this.#flush);
  }
}
