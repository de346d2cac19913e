/** Buckets are kept in pages of 32, so that one value far away from the others costs one page and not all in between. */
const PAGE_BITS = 5;
const PAGE = 1 << PAGE_BITS;
const SLOT = PAGE - 1;
/** Pages from the first to the last: 2048 buckets. */
const MAX_PAGES = 64;
const EMPTY: readonly number[] = Array.from({ length: PAGE }, () => 0);

/** Counts by whole numbers, which may be negative, within a bounded range. Grows where something is counted. */
export class Buckets {
  #first = 0;
  #pages: (number[] | undefined)[] = [];

  /** How often to halve all numbers so that `index` fits in as well; mostly 0. */
  shiftFor(index: number): number {
    return this.#shiftForRange(index, index);
  }

  /** The same for all that `other`, of the same scale, holds. */
  shiftForAll(other: Buckets): number {
    const { range } = other;
    return range === undefined ? 0 : this.#shiftForRange(range[0], range[1]);
  }

  #shiftForRange(from: number, to: number): number {
    let low = from >> PAGE_BITS;
    let high = to >> PAGE_BITS;
    if (this.#pages.length > 0) {
      low = Math.min(low, this.#first);
      high = Math.max(high, this.#first + this.#pages.length - 1);
    }
    let shift = 0;
    while (high - low >= MAX_PAGES) {
      low >>= 1;
      high >>= 1;
      shift++;
    }
    return shift;
  }

  /** Counts one in a bucket, if its page is there already. */
  tryAdd(index: number): boolean {
    const page = this.#pages[(index >> PAGE_BITS) - this.#first];
    if (page === undefined) return false;
    page[index & SLOT] = (page[index & SLOT] as number) + 1;
    return true;
  }

  /** Counts in a bucket that fits in. */
  add(index: number, count: number): void {
    const page = this.#pages[(index >> PAGE_BITS) - this.#first] ?? this.#open(index >> PAGE_BITS);
    page[index & SLOT] = (page[index & SLOT] as number) + count;
  }

  #open(number: number): number[] {
    const page = EMPTY.slice();
    if (this.#pages.length === 0) this.#first = number;
    while (number < this.#first) {
      this.#pages.unshift(undefined);
      this.#first--;
    }
    while (number - this.#first >= this.#pages.length) this.#pages.push(undefined);
    this.#pages[number - this.#first] = page;
    return page;
  }

  /** Counts all that `other` has, once (`sign` 1) or away (`sign` -1). Both of the same scale, and it fits in. */
  addAll(other: Buckets, sign: 1 | -1 = 1): void {
    for (let at = 0; at < other.#pages.length; at++) {
      const from = other.#pages[at];
      if (from === undefined) continue;
      const number = other.#first + at;
      const to = this.#pages[number - this.#first] ?? this.#open(number);
      for (let slot = 0; slot < PAGE; slot++) {
        const count = from[slot] as number;
        if (count !== 0) to[slot] = (to[slot] as number) + sign * count;
      }
    }
  }

  /** Halves all numbers, `shift` times: neighbours become one. */
  halve(shift: number): void {
    const whole = this.clone();
    this.#pages = [];
    whole.each((index, count) => this.add(index >> shift, count));
  }

  /** Every bucket that is not empty, in ascending order. */
  each(visit: (index: number, count: number) => void): void {
    for (let at = 0; at < this.#pages.length; at++) {
      const page = this.#pages[at];
      if (page === undefined) continue;
      const base = (this.#first + at) << PAGE_BITS;
      for (let slot = 0; slot < PAGE; slot++) {
        const count = page[slot] as number;
        if (count !== 0) visit(base + slot, count);
      }
    }
  }

  /** The first and the last bucket that is not empty. */
  get range(): readonly [first: number, last: number] | undefined {
    let first: number | undefined;
    let last = 0;
    this.each((index) => {
      first ??= index;
      last = index;
    });
    return first === undefined ? undefined : [first, last];
  }

  /** Sets all to zero. Pages stay where something was counted since the last time, as it will be again. */
  clear(): void {
    this.#pages = this.#pages.map((page) =>
      page?.some((count) => count !== 0) ? page : undefined,
    );
    while (this.#pages.length > 0 && this.#pages[0] === undefined) {
      this.#pages.shift();
      this.#first++;
    }
    while (this.#pages.length > 0 && this.#pages.at(-1) === undefined) this.#pages.pop();
    for (const page of this.#pages) page?.fill(0);
  }

  clone(): Buckets {
    const copy = new Buckets();
    copy.#first = this.#first;
    copy.#pages = this.#pages.map((page) => page?.slice());
    return copy;
  }
}
