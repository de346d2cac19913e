import type { RestoredJob } from "./queue.ts";
import type { JournalRecord, PutRecord } from "./records.ts";

interface Found {
  put: PutRecord;
  attempts: number;
  deadBecause: string | undefined;
}

/** What the records of a journal, one after the other, come to. */
export class Recovery {
  readonly #live = new Map<string, Found>();
  readonly #done = new Map<string, { readonly topic: string; readonly id: string }>();

  add(record: JournalRecord): void {
    const { topic, id } = record;
    const key = `${topic}\0${id}`;
    if (record.type === "put") {
      this.#done.delete(key);
      this.#live.set(key, { put: record, attempts: record.attempts, deadBecause: undefined });
      return;
    }
    if (record.type === "done") this.#done.set(key, { topic, id });
    if (record.type === "done" || record.type === "discarded") this.#live.delete(key);
    const found = this.#live.get(key);
    // A base may have been written after its job was done.
    if (found !== undefined) apply(found, record);
  }

  /** Those that are not done, oldest first. @param nowMs milliseconds since 1970 */
  *jobs(nowMs: number): IterableIterator<RestoredJob> {
    for (const { put, attempts, deadBecause } of this.#live.values()) {
      const { type: _, attempts: __, ...spec } = put;
      // A wall clock that was set back must not make the delay longer.
      const left = Math.min(put.atMs + put.delayMs - nowMs, put.delayMs);
      yield { spec, attempts, delayMs: Math.max(left, 0), deadBecause };
    }
  }

  done(): Iterable<{ readonly topic: string; readonly id: string }> {
    return this.#done.values();
  }
}

function apply(found: Found, record: JournalRecord): void {
  switch (record.type) {
    case "tried":
      found.attempts = record.attempts;
      return;
    case "dead":
      found.attempts = record.attempts;
      found.deadBecause = record.reason;
      return;
    case "revived":
      found.attempts = 0;
      found.deadBecause = undefined;
      return;
  }
}
