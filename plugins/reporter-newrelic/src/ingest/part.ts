import type { Attributes } from "./attributes.ts";

/** The doors of the ingest APIs. */
export type Door = "metric" | "trace" | "event";

/** What one door gets of a batch: for each item that was handed in, what it became. */
export interface Part {
  readonly door: Door;
  readonly items: readonly (readonly object[])[];
  readonly common: Attributes;
}

/** Items that are not sent, by reason. */
export class Refused {
  readonly #reasons = new Map<string, number>();

  add(reason: string, count = 1): void {
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + count);
  }

  get count(): number {
    return [...this.#reasons.values()].reduce((sum, one) => sum + one, 0);
  }

  /** Every reason with its count. */
  get reason(): string {
    return [...this.#reasons].map(([reason, count]) => `${count}: ${reason}`).join("; ");
  }
}

/** A part as its door wants it, in JSON. */
export function bodyOf({ door, items, common }: Part): string {
  const flat = items.flat();
  if (door === "event") return JSON.stringify(flat);
  const list = door === "metric" ? { metrics: flat } : { spans: flat };
  return JSON.stringify([{ common: { attributes: common }, ...list }]);
}
