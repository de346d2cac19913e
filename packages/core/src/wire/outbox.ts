import { addPadding, sizeOf } from "@elpis/protocol";
import type { Link } from "./link.ts";

/** The packer aligns frames to 8 bytes: a smaller gap between two frames is padding of the first. */
const ALIGNMENT = 8;
/** With more than this in the link, the rest waits here, where something urgent can still overtake it. */
const LINK_BYTES = 64 * 1024;
/** At most so much is handed over at once to a link that is slow. */
const SLICE_BYTES = 256 * 1024;
/** A piece that waits may keep this many times its own size alive. */
const MAX_KEPT_ALIVE = 4;

/** Frames that lie one behind the other in the packer's memory. */
interface Run {
  readonly first: Buffer;
  last: Buffer;
  end: number;
}

/** Outboxes that have something to write at the end of this turn. */
let due: Outbox[] = [];

function flushDue(): void {
  const outboxes = due;
  due = [];
  for (const outbox of outboxes) outbox.flush();
}

/** Collects what leaves over one link and writes it once per turn of the event loop. */
export class Outbox {
  /** Called when everything has been taken over. */
  onDrain: (() => void) | undefined;
  readonly #link: Link;
  #pieces: Buffer[] = [];
  /** So many of the pieces, the first ones, keep little alive besides themselves. */
  #compacted = 0;
  /** Bytes in the pieces and in the run. */
  #bytes = 0;
  /** Frames that overtake the pieces, and their bytes. */
  #urgent: Buffer[] | undefined;
  #urgentBytes = 0;
  /** How many bytes were ever pushed to stand in line. */
  #position = 0;
  #scheduled = false;
  /** What the next frame may join; not yet among the pieces. */
  #run: Run | undefined;

  constructor(link: Link) {
    this.#link = link;
    link.onDrain(() => this.flush());
  }

  /** Bytes that wait here or in the link. */
  get queuedBytes(): number {
    return this.#bytes + this.#urgentBytes + this.#link.queuedBytes;
  }

  /** How many bytes were ever pushed: where the next ones will stand. */
  get position(): number {
    return this.#position;
  }

  /** Adds bytes that are not touched any more: whole frames, or parts of one in order. */
  push(bytes: Buffer): void {
    if (this.#run !== undefined) this.#endRun();
    this.#pieces.push(bytes);
    this.#bytes += bytes.length;
    this.#position += bytes.length;
    if (!this.#scheduled) this.#schedule();
  }

  /** Adds a whole frame that overtakes what waits, unless something from before the position `after` is among it. */
  pushUrgent(frame: Buffer, after = 0): void {
    const isBehind = this.#position - this.#bytes >= after;
    // Where little waits there is nothing to gain, and pieces of one frame may not be parted.
    if (!isBehind || this.#link.queuedBytes <= LINK_BYTES || this.#bytes === 0) {
      return this.push(frame);
    }
    this.#urgent ??= [];
    this.#urgent.push(frame);
    this.#urgentBytes += frame.length;
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
        this.#position += gap + frame.length;
        return;
      }
    }
    this.#endRun();
    this.#run = { first: frame, last: frame, end };
    this.#bytes += frame.length;
    this.#position += frame.length;
    if (!this.#scheduled) this.#schedule();
  }

  /** Writes now what was collected, as far as the link takes it. */
  flush(): void {
    this.#scheduled = false;
    if (this.#link.queuedBytes > LINK_BYTES) return this.#compact();
    this.#endRun();
    if (this.#urgent !== undefined || this.#bytes > SLICE_BYTES) this.#writeSlice();
    else if (this.#bytes > 0) this.#writeAll();
    // A link that took all of it at once will not say so.
    if (this.#bytes === 0 && this.#link.queuedBytes <= LINK_BYTES) this.onDrain?.();
  }

  /** Writes everything, however much waits: nothing will be pushed any more. */
  flushAll(): void {
    this.#endRun();
    if (this.#urgent !== undefined) this.#pieces = this.#urgent.concat(this.#pieces);
    this.#bytes += this.#urgentBytes;
    this.#urgent = undefined;
    this.#urgentBytes = 0;
    if (this.#bytes > 0) this.#writeAll();
  }

  #writeAll(): void {
    const pieces = this.#pieces;
    const bytes = this.#bytes;
    this.#pieces = [];
    this.#compacted = 0;
    this.#bytes = 0;
    this.#link.write(pieces, bytes);
  }

  /** What is urgent, and then as many whole frames as are good for one write; the rest when that has gone. */
  #writeSlice(): void {
    const slice = this.#urgent ?? [];
    let bytes = this.#urgentBytes;
    this.#urgent = undefined;
    this.#urgentBytes = 0;
    let taken = 0;
    let left = 0;
    while (taken < this.#pieces.length && (bytes < SLICE_BYTES || left > 0)) {
      const piece = this.#pieces[taken++] as Buffer;
      slice.push(piece);
      bytes += piece.length;
      this.#bytes -= piece.length;
      left = leftAfter(piece, left);
    }
    this.#pieces = this.#pieces.slice(taken);
    this.#compacted = Math.max(0, this.#compacted - taken);
    this.#link.write(slice, bytes);
    if (this.#bytes > 0 && this.#link.queuedBytes <= LINK_BYTES) this.#schedule();
  }

  /** Copies small pieces that have to wait: what was read around them would wait with them. */
  #compact(): void {
    this.#endRun();
    if (this.#compacted === this.#pieces.length) return;
    let loose: Buffer[] = [];
    const join = (): void => {
      if (loose.length > 0) this.#pieces.push(Buffer.concat(loose));
      loose = [];
    };
    for (const piece of this.#pieces.splice(this.#compacted)) {
      if (piece.buffer.byteLength > MAX_KEPT_ALIVE * piece.length) {
        loose.push(piece);
      } else {
        join();
        this.#pieces.push(piece);
      }
    }
    join();
    this.#compacted = this.#pieces.length;
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
    this.#scheduled = true;
    if (due.length === 0) process.nextTick(flushDue);
    due.push(this);
  }
}

/** How much of a frame is still to come after `piece`, when `left` bytes of one were to come before it. */
function leftAfter(piece: Buffer, left: number): number {
  let at = left;
  while (at < piece.length) at += sizeOf(piece, at);
  return at - piece.length;
}
