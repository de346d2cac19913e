import type { JobLimits } from "./limits.ts";
import type { Line } from "./line.ts";

/** Remembers the ids of jobs that were done, within bounds: the last ones of each topic, for some time. */
export class DoneIds {
  readonly #limits: JobLimits;
  /** Those with ids; the one whose last job was done longest ago in front. */
  readonly #lines = new Set<Line>();
  #size = 0;

  constructor(limits: JobLimits) {
    this.#limits = limits;
  }

  has({ done }: Line, id: string, nowMs: number): boolean {
    const atMs = done.get(id);
    return atMs !== undefined && nowMs - atMs < this.#limits.rememberMs;
  }

  add(line: Line, id: string, nowMs: number): void {
    const { maxDonePerTopic, maxDone, rememberMs } = this.#limits;
    if (!line.done.has(id)) this.#size++;
    line.done.set(id, nowMs);
    line.doneOrder.push({ id, atMs: nowMs });
    this.#lines.delete(line);
    this.#lines.add(line);
    for (let oldest = line.doneOrder.peek(); oldest !== undefined; oldest = line.doneOrder.peek()) {
      if (line.done.size <= maxDonePerTopic && nowMs - oldest.atMs < rememberMs) break;
      this.#removeOldest(line);
    }
    while (this.#size > maxDone) {
      const [idlest] = this.#lines;
      this.#removeOldest(idlest as Line);
    }
  }

  forget(line: Line): void {
    this.#lines.delete(line);
    this.#size -= line.done.size;
    line.done.clear();
    line.doneOrder.clear();
  }

  #removeOldest(line: Line): void {
    const oldest = line.doneOrder.shift();
    // An id that was done again stands further back as well.
    if (oldest !== undefined && line.done.get(oldest.id) === oldest.atMs) {
      line.done.delete(oldest.id);
      this.#size--;
    }
    if (line.doneOrder.size === 0) this.#lines.delete(line);
  }
}
