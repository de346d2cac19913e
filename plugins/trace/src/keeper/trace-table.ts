import type { TraceId } from "../wire/ids.ts";

/** What belongs to a trace. */
interface OfTrace {
  readonly trace: { readonly id: TraceId };
}

const MIN_PLACES = 64;
/** Half of the places are used at most, so that what is looked for is found soon; where less than this part is, there are too many. */
const MIN_USE = 1 / 16;

/** What belongs to traces, by their ids. Unlike a `Map` it needs no texts of them, and none of its own objects. */
export class TraceTable<Item extends OfTrace> {
  #places: Array<Item | undefined> = placesFor(MIN_PLACES);
  #size = 0;
  // Whoever asks from outside chooses ids: they should not know which of them stand side by side.
  readonly #seed = (Math.random() * 0x1_0000_0000) | 0;

  get size(): number {
    return this.#size;
  }

  get(id: TraceId): Item | undefined {
    return this.#places[this.#find(id)];
  }

  /** Adds what is not there yet, or takes the place of what is. */
  set(item: Item): void {
    const place = this.#find(item.trace.id);
    if (this.#places[place] === undefined) this.#size += 1;
    this.#places[place] = item;
    if (2 * this.#size > this.#places.length) this.#move(2 * this.#places.length);
  }

  /** @returns whether it was there */
  delete(item: Item): boolean {
    const places = this.#places;
    const mask = places.length - 1;
    let gap = this.#find(item.trace.id);
    if (places[gap] !== item) return false;
    // Those behind it move up, so that there is no gap on the way to any of them.
    for (let at = (gap + 1) & mask; ; at = (at + 1) & mask) {
      const next = places[at];
      if (next === undefined) break;
      const home = this.#home(next.trace.id);
      if (((at - home) & mask) < ((at - gap) & mask)) continue;
      places[gap] = next;
      gap = at;
    }
    places[gap] = undefined;
    this.#size -= 1;
    if (places.length > MIN_PLACES && this.#size < MIN_USE * places.length) {
      this.#move(places.length / 2);
    }
    return true;
  }

  /** Where a trace is, or would be. */
  #find(id: TraceId): number {
    const mask = this.#places.length - 1;
    let place = this.#home(id);
    for (;;) {
      const found = this.#places[place];
      if (found === undefined || found.trace.id.equals(id)) return place;
      place = (place + 1) & mask;
    }
  }

  /** By the end of an id, where it is random. */
  #home({ c, d }: TraceId): number {
    let mixed = Math.imul(d ^ this.#seed, 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 15) ^ c, 0x9e3779b1);
    return (mixed ^ (mixed >>> 15)) & (this.#places.length - 1);
  }

  #move(places: number): void {
    const former = this.#places;
    this.#places = placesFor(places);
    for (const item of former)
      if (item !== undefined) this.#places[this.#find(item.trace.id)] = item;
  }
}

/** @param count a power of two */
function placesFor<Item>(count: number): Array<Item | undefined> {
  return new Array<Item | undefined>(count).fill(undefined);
}
