/** There is no such span. */
export const NOWHERE = -1;

/** What an entry has: both halves of an id, and one more than its slot, so that 0 is nobody. */
const INTS = 3;
const SLOT = 2;
const FIRST_PLACES = 16;

/** Where spans are, by their ids. No id is an object or a text there, and the whole index is one block of memory. */
export class SpanIndex {
  #places = new Int32Array(INTS * FIRST_PLACES);
  #mask = FIRST_PLACES - 1;
  #size = 0;

  find(high: number, low: number): number {
    return (this.#places[this.#at(high, low) + SLOT] as number) - 1;
  }

  /** @param slot from 0 */
  set(high: number, low: number, slot: number): void {
    const at = this.#at(high, low);
    if (this.#places[at + SLOT] === 0) {
      this.#places[at] = high;
      this.#places[at + 1] = low;
      this.#size += 1;
    }
    this.#places[at + SLOT] = slot + 1;
    // Half of the places are used at most, so that what is looked for is found soon.
    if (2 * this.#size > this.#mask) this.#grow();
  }

  delete(high: number, low: number): void {
    const places = this.#places;
    let gap = this.#at(high, low);
    if (places[gap + SLOT] === 0) return;
    this.#size -= 1;
    // Those behind it move up, so that there is no gap on the way to any of them.
    for (let at = this.#next(gap); places[at + SLOT] !== 0; at = this.#next(at)) {
      const home = this.#home(places[at] as number, places[at + 1] as number);
      const isBetween = gap < at ? home > gap && home <= at : home > gap || home <= at;
      if (isBetween) continue;
      places.copyWithin(gap, at, at + INTS);
      gap = at;
    }
    places[gap + SLOT] = 0;
  }

  /** Where an id is, or would be. */
  #at(high: number, low: number): number {
    const places = this.#places;
    let at = this.#home(high, low);
    while (places[at + SLOT] !== 0 && (places[at + 1] !== low || places[at] !== high)) {
      at = this.#next(at);
    }
    return at;
  }

  #next(at: number): number {
    return at + INTS === this.#places.length ? 0 : at + INTS;
  }

  #home(high: number, low: number): number {
    const mixed = Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1);
    return INTS * ((mixed ^ (mixed >>> 15)) & this.#mask);
  }

  #grow(): void {
    const former = this.#places;
    this.#places = new Int32Array(2 * former.length);
    this.#mask = 2 * this.#mask + 1;
    for (let from = 0; from < former.length; from += INTS) {
      if (former[from + SLOT] === 0) continue;
      const at = this.#at(former[from] as number, former[from + 1] as number);
      for (let int = 0; int < INTS; int++) this.#places[at + int] = former[from + int] as number;
    }
  }
}
