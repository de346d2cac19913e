import type { TraceId } from "../wire/ids.ts";

/** Places of one generation; half of them are used, so that what is looked for is found soon. */
const PLACES = 65_536;
const TWO_TO_32 = 0x1_0000_0000;

/** What became of a trace. */
export type Decision = "kept" | "letGo";

/**
 * What became of the last traces that were decided on, 32 768 of them at least and twice as many at most, in 1 MiB. Traces are
 * told apart by 52 bits of their ids.
 */
export class Decisions {
  readonly #perGeneration: number;
  #young: Generation;
  #old: Generation;

  /** @param places of each of two generations, a power of two */
  constructor(places: number = PLACES) {
    this.#perGeneration = places / 2;
    this.#young = new Generation(places);
    this.#old = new Generation(places);
  }

  get(id: TraceId): Decision | undefined {
    const key = keyOf(id);
    return this.#young.get(key) ?? this.#old.get(key);
  }

  set(id: TraceId, decision: Decision): void {
    this.#young.set(keyOf(id), decision);
    if (this.#young.size < this.#perGeneration) return;
    const oldest = this.#old;
    this.#old = this.#young;
    this.#young = oldest;
    oldest.clear();
  }
}

/** Numbers with decisions, in one block of memory: 0 is nobody, what is below was let go. */
class Generation {
  readonly #places: Float64Array;
  readonly #mask: number;
  size = 0;

  constructor(places: number) {
    this.#places = new Float64Array(places);
    this.#mask = places - 1;
  }

  get(key: number): Decision | undefined {
    const found = this.#places[this.#find(key)] as number;
    if (found === 0) return undefined;
    return found > 0 ? "kept" : "letGo";
  }

  set(key: number, decision: Decision): void {
    const place = this.#find(key);
    if (this.#places[place] === 0) this.size += 1;
    this.#places[place] = decision === "kept" ? key : -key;
  }

  clear(): void {
    this.#places.fill(0);
    this.size = 0;
  }

  /** Where a number is, or would be. */
  #find(key: number): number {
    // Ids that count up would stand side by side.
    let place = Math.imul(key | 0, 0x9e3779b1) >>> 8;
    for (;;) {
      place &= this.#mask;
      const found = this.#places[place] as number;
      if (found === 0 || Math.abs(found) === key) return place;
      place += 1;
    }
  }
}

/** From 1: the end of an id, where it is random. */
function keyOf({ c, d }: TraceId): number {
  return (c & 0xf_ffff) * TWO_TO_32 + (d >>> 0) + 1;
}
