import type { Parcel } from "./parcel.ts";

/** What waits at most. */
export interface QueueLimits {
  readonly items: number;
  readonly bytes: number;
}

/** Parcels that wait for a backend, within a bound: when there is no room, the oldest ones go. */
export class ParcelQueue {
  readonly #limits: QueueLimits;
  #parcels: Parcel[] = [];
  #items = 0;
  #bytes = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  get items(): number {
    return this.#items;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get first(): Parcel | undefined {
    return this.#parcels[0];
  }

  /** Whether half of it or more is taken. */
  get isHalfFull(): boolean {
    return this.#items * 2 >= this.#limits.items || this.#bytes * 2 >= this.#limits.bytes;
  }

  /** @returns how many items had to go */
  push(parcel: Parcel): number {
    this.#parcels.push(parcel);
    this.#count(parcel, 1);
    let dropped = 0;
    while (this.#items > this.#limits.items || this.#bytes > this.#limits.bytes) {
      const oldest = this.take();
      if (oldest === undefined) break;
      dropped += oldest.items.length;
    }
    return dropped;
  }

  /** Puts parcels before all others: they were there already. */
  putBack(...parcels: readonly Parcel[]): void {
    this.#parcels.unshift(...parcels);
    for (const parcel of parcels) this.#count(parcel, 1);
  }

  /** Takes the oldest out. */
  take(): Parcel | undefined {
    const parcel = this.#parcels.shift();
    if (parcel !== undefined) this.#count(parcel, -1);
    return parcel;
  }

  #count({ items, bytes }: Parcel, sign: 1 | -1): void {
    this.#items += sign * items.length;
    this.#bytes += sign * bytes;
  }
}
