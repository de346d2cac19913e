import type { Signal } from "@elpis/api";
import type { Parcel } from "./parcel.ts";

/** What waits at most. */
export interface WaitingLimits {
  readonly items: number;
  readonly bytes: number;
}

/**
 * Parcels that wait for a backend, each signal in its own order, all of them within one bound: when there is no room, the oldest go. What
 * was made in one turn stays together, however much it is: else a turn that is larger than the bound would never arrive as a whole.
 */
export class Waiting {
  readonly #limits: WaitingLimits;
  readonly #lanes = new Map<Signal, Parcel[]>();
  #items = 0;
  #bytes = 0;

  constructor(limits: WaitingLimits) {
    this.#limits = limits;
  }

  get items(): number {
    return this.#items;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether half of the room or more is taken. */
  get isHalfFull(): boolean {
    return this.#items * 2 >= this.#limits.items || this.#bytes * 2 >= this.#limits.bytes;
  }

  get oldest(): Parcel | undefined {
    return this.#oldestOf(() => true);
  }

  /** @returns how many items had to go */
  push(parcel: Parcel): number {
    this.#laneOf(parcel.signal).push(parcel);
    this.#count(parcel, 1);
    let dropped = 0;
    while (this.#items > this.#limits.items || this.#bytes > this.#limits.bytes) {
      const oldest = this.oldest;
      if (oldest === undefined || oldest.madeAt >= parcel.madeAt) break;
      dropped += this.take((signal) => signal === oldest.signal)?.items.length ?? 0;
    }
    return dropped;
  }

  /** Puts parcels of one signal before all others: they were there already. */
  putBack(signal: Signal, ...parcels: readonly Parcel[]): void {
    this.#laneOf(signal).unshift(...parcels);
    for (const parcel of parcels) this.#count(parcel, 1);
  }

  /** Takes out the oldest of those signals. */
  take(isWanted: (signal: Signal) => boolean): Parcel | undefined {
    const oldest = this.#oldestOf(isWanted);
    if (oldest === undefined) return undefined;
    this.#laneOf(oldest.signal).shift();
    this.#count(oldest, -1);
    return oldest;
  }

  #oldestOf(isWanted: (signal: Signal) => boolean): Parcel | undefined {
    let oldest: Parcel | undefined;
    for (const [signal, [first]] of this.#lanes) {
      if (first === undefined || !isWanted(signal)) continue;
      if (oldest === undefined || first.madeAt < oldest.madeAt) oldest = first;
    }
    return oldest;
  }

  #laneOf(signal: Signal): Parcel[] {
    const lane = this.#lanes.get(signal) ?? [];
    this.#lanes.set(signal, lane);
    return lane;
  }

  #count({ items, bytes }: Parcel, sign: 1 | -1): void {
    this.#items += sign * items.length;
    this.#bytes += sign * bytes;
  }
}
