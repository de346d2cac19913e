import type { Outcome, RunRecord } from "../contract.ts";

/** The last runs of a task, and how many there were. */
export class History {
  readonly #limit: number;
  readonly #counts: Record<Outcome, number>;
  #records: RunRecord[];

  /** @param limit how many are kept */
  constructor(limit: number, saved?: SavedHistory) {
    this.#limit = limit;
    this.#records = [...(saved?.records ?? [])].slice(-limit);
    const none = { done: 0, failed: 0, timeout: 0, lost: 0, skipped: 0, missed: 0 };
    this.#counts = { ...none, ...saved?.counts };
  }

  get counts(): Readonly<Record<Outcome, number>> {
    return { ...this.#counts };
  }

  /** The last one that has begun; else the last one. */
  get last(): RunRecord | undefined {
    return (
      this.#records.findLast(({ startedAt }) => startedAt !== undefined) ?? this.#records.at(-1)
    );
  }

  get saved(): SavedHistory {
    return { records: this.#records, counts: this.counts };
  }

  /** The newest first. */
  newest(limit: number = this.#limit): readonly RunRecord[] {
    return this.#records.slice(-Math.max(1, limit)).reverse();
  }

  /** Those in a row that did not begin, for one reason, are one record. */
  add(record: RunRecord): void {
    const { outcome, count = 1 } = record;
    this.#counts[outcome] += count;
    const last = this.#records.at(-1);
    const isMore =
      record.count !== undefined && last?.outcome === outcome && last.error === record.error;
    if (isMore) this.#records.pop();
    this.#records.push(isMore ? { ...record, count: count + (last.count ?? 1) } : record);
    if (this.#records.length > this.#limit) this.#records.shift();
  }
}

/** {@link History} as it is written down. */
export interface SavedHistory {
  readonly records: readonly RunRecord[];
  readonly counts: Readonly<Partial<Record<Outcome, number>>>;
}
