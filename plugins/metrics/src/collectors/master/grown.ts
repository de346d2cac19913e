import type { Sample } from "../collector.ts";

/** Series of things that are gone are kept up to that many; further ones are forgotten with what they belong to. */
const MAX_SERIES = 4000;

interface Series {
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
  value: number;
  /** It has grown, or could have, in this read. */
  isCurrent: boolean;
}

/** Makes sums that never fall of counts that begin anew with each new owner. */
export class Grown {
  readonly #series = new Map<string, Series>();
  #before = new Map<string, number>();
  #now = new Map<string, number>();

  /** A new read begins; owners that are not named in it are gone. */
  begin(): void {
    [this.#before, this.#now] = [this.#now, new Map()];
    for (const series of this.#series.values()) series.isCurrent = false;
  }

  /** @param owner whose count `value` is, from 0 at its start */
  add(name: string, tags: Readonly<Record<string, string>>, owner: string, value: number): void {
    const key = `${name} ${Object.values(tags).join(" ")}`;
    const own = `${key} ${owner}`;
    const before = this.#before.get(own) ?? 0;
    this.#now.set(own, value);
    let series = this.#series.get(key);
    if (series === undefined) {
      series = { name, tags, value: 0, isCurrent: true };
      this.#series.set(key, series);
    }
    series.isCurrent = true;
    series.value += Math.max(0, value - before);
  }

  samples(): readonly Sample[] {
    if (this.#series.size > MAX_SERIES) {
      for (const [key, { isCurrent }] of this.#series) if (!isCurrent) this.#series.delete(key);
    }
    return [...this.#series.values()].map(({ name, tags, value }): Sample => [name, value, tags]);
  }
}
