import type { Exemplar } from "../points/point.ts";
import { EXEMPLAR_MS, exemplarOf } from "./exemplar.ts";

/** How many a series has: of 65536 times the quickest all ranges, and of the others the newest. */
const MAX_EXEMPLARS = 8;

/** An exemplar where it is merged. */
export interface KeptExemplar {
  /** Rises with each that is taken. 0: an earlier aggregator may have told of it, so that readers of deltas leave it out. */
  readonly seq: number;
  readonly range: number;
  readonly value: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** When it was, in monotonic milliseconds. */
  readonly at: number;
  readonly traceId: string;
  readonly spanId: string;
}

/** The exemplars of one series where it is merged: the newest of each range, for a while. */
export class KeptExemplars {
  #all: KeptExemplar[] = [];

  put(one: KeptExemplar): void {
    const same = this.#all.findIndex(({ range }) => range === one.range);
    if (same === -1 && this.#all.length < MAX_EXEMPLARS) {
      this.#all.push(one);
      return;
    }
    const place = same === -1 ? this.#oldest() : same;
    if ((this.#all[place] as KeptExemplar).at <= one.at) this.#all[place] = one;
  }

  #oldest(): number {
    let oldest = 0;
    for (const [at, one] of this.#all.entries()) {
      if (one.at < (this.#all[oldest] as KeptExemplar).at) oldest = at;
    }
    return oldest;
  }

  putAll(other: KeptExemplars): void {
    for (const one of other.#all) this.put(one);
  }

  /** Number of the one that was taken last. */
  get lastSeq(): number {
    return this.#all.reduce((last, { seq }) => Math.max(last, seq), 0);
  }

  /**
   * Those that are not too old, the newest last.
   *
   * @param now monotonic, in milliseconds
   * @param after only those that were taken after this one
   */
  read(now: number, after = -1): readonly Exemplar[] {
    this.#all = this.#all.filter(({ at }) => now - at <= EXEMPLAR_MS);
    return this.#all
      .filter(({ seq }) => seq > after)
      .sort((a, b) => a.at - b.at)
      .map(exemplarOf);
  }
}
