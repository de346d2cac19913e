import { Kind } from "@elpis/protocol";

/** What frames are counted as. Order within a class is kept; `control` may overtake the others. */
const CLASSES = ["control", "call", "event", "stream"] as const;
export type TrafficClass = (typeof CLASSES)[number];

const CONTROL = 0;
const CALL = 1;
export const EVENT = 2;
const STREAM = 3;

/** By kind of frame: the number of its class. */
const CLASS_OF: Uint8Array = new Uint8Array(256).fill(CONTROL);
for (const kind of [Kind.request, Kind.consume, Kind.map, Kind.open, Kind.reply, Kind.fault]) {
  CLASS_OF[kind] = CALL;
}
CLASS_OF[Kind.event] = EVENT;
for (const kind of [Kind.data, Kind.end]) CLASS_OF[kind] = STREAM;

/** Where in a peer's row which figure stands. */
const FRAMES_IN = 0;
const BYTES_IN = CLASSES.length;
const FRAMES_OUT = 2 * CLASSES.length;
const BYTES_OUT = 3 * CLASSES.length;
const DROPPED = 4 * CLASSES.length;
const ROW = 5 * CLASSES.length;

/** What went to and from one peer in one class, in frames and bytes. */
export interface ClassTraffic {
  readonly framesIn: number;
  readonly bytesIn: number;
  readonly framesOut: number;
  readonly bytesOut: number;
  /** Frames that were not delivered to it because too much waited. */
  readonly dropped: number;
}

/** Counts what passes, for all peers in one table: a row for each, used again when its peer has left. */
export class Traffic {
  #table = new Float64Array(64 * ROW);
  readonly #free: number[] = [];
  #rows = 0;

  /** A row of zeros. */
  begin(): number {
    const row = this.#free.pop() ?? this.#rows++ * ROW;
    if (row + ROW > this.#table.length) {
      const larger = new Float64Array(2 * this.#table.length);
      larger.set(this.#table);
      this.#table = larger;
    }
    this.#table.fill(0, row, row + ROW);
    return row;
  }

  end(row: number): void {
    this.#free.push(row);
  }

  came(row: number, kind: number, bytes: number): void {
    const at = row + (CLASS_OF[kind] as number);
    const table = this.#table;
    (table[at + FRAMES_IN] as number)++;
    (table[at + BYTES_IN] as number) += bytes;
  }

  went(row: number, kind: number, bytes: number): void {
    const at = row + (CLASS_OF[kind] as number);
    const table = this.#table;
    (table[at + FRAMES_OUT] as number)++;
    (table[at + BYTES_OUT] as number) += bytes;
  }

  /** Several frames of one class at once. */
  wentTogether(row: number, ofClass: number, frames: number, bytes: number): void {
    const at = row + ofClass;
    const table = this.#table;
    (table[at + FRAMES_OUT] as number) += frames;
    (table[at + BYTES_OUT] as number) += bytes;
  }

  /** A frame that was counted as sent was not. */
  dropped(row: number, ofClass: number, bytes: number): void {
    const at = row + ofClass;
    const table = this.#table;
    (table[at + FRAMES_OUT] as number)--;
    (table[at + BYTES_OUT] as number) -= bytes;
    (table[at + DROPPED] as number)++;
  }

  read(row: number): Record<TrafficClass, ClassTraffic> {
    const table = this.#table;
    const of = (ofClass: number): ClassTraffic => {
      const at = row + ofClass;
      return {
        framesIn: table[at + FRAMES_IN] as number,
        bytesIn: table[at + BYTES_IN] as number,
        framesOut: table[at + FRAMES_OUT] as number,
        bytesOut: table[at + BYTES_OUT] as number,
        dropped: table[at + DROPPED] as number,
      };
    };
    return { control: of(CONTROL), call: of(CALL), event: of(EVENT), stream: of(STREAM) };
  }
}
