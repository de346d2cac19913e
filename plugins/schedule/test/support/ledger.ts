import { createFence } from "../../src/fence.ts";

/** What tasks write to, outside of all that is tested: it takes each entry once, and lets no stale attempt through. */
export class Ledger {
  /** By run: the token of the attempt that wrote it. */
  readonly entries: Map<string, number> = new Map();
  refused = 0;
  repeated = 0;
  readonly #fence = createFence();

  /** @throws ELPIS_SCHEDULE_FENCED */
  write(id: string, token: number): void {
    try {
      this.#fence.check(id, token);
    } catch (error) {
      this.refused += 1;
      throw error;
    }
    if (this.entries.has(id)) this.repeated += 1;
    else this.entries.set(id, token);
  }
}
