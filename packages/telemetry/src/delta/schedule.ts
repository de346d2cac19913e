import { LEVEL_MS, LEVELS, type Level } from "../levels.ts";

/** The first report comes within this, however long the interval. */
const FIRST_MS = 5_000;

/** When instruments of which level are due. Times are monotonic milliseconds. */
export class Schedule {
  readonly #periods: ReadonlyMap<Level, number>;
  readonly #next = new Map<Level, number>();

  /** @param intervalMs the longest period of any level */
  constructor(intervalMs: number) {
    this.#periods = new Map(LEVELS.map((level) => [level, Math.min(LEVEL_MS[level], intervalMs)]));
  }

  /** @param phase when in the first period, from 0 to 1 */
  start(now: number, phase: number): void {
    for (const [level, period] of this.#periods) {
      this.#next.set(level, now + phase * Math.min(period, FIRST_MS));
    }
  }

  /** The levels that are due, and moves them on. */
  take(now: number): Level[] {
    const due: Level[] = [];
    for (const [level, at] of this.#next) {
      if (at > now) continue;
      due.push(level);
      const period = this.#periods.get(level) as number;
      // Whoever was kept from reporting does not catch up.
      this.#next.set(level, Math.max(at + period, now));
    }
    return due;
  }

  /** How long until the next level is due. */
  wait(now: number): number {
    return Math.max(0, Math.min(...this.#next.values()) - now);
  }
}
