import type { ElpisError } from "@elpis/api";
import { Deadlines } from "../time/deadlines.ts";
import { Ticker } from "../time/ticker.ts";
import type { Waiter } from "./waiters.ts";

const TICK_MS = 10;

/** What this peer has asked and not yet heard. A correlation is used again only when the hub owes nothing under it. */
export class OwnCalls {
  readonly #waiters: Array<Waiter | undefined> = [];
  readonly #free: number[] = [];
  readonly #deadlines: Deadlines;
  readonly #ticker: Ticker;
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
    this.#deadlines = new Deadlines(performance.now(), TICK_MS);
    this.#ticker = new Ticker(TICK_MS, () => {
      this.#expire();
      return this.#deadlines.size > 0;
    });
  }

  /** Takes a correlation; undefined when all are in use. */
  begin(waiter: Waiter): number | undefined {
    let correlation = this.#free.pop();
    if (correlation === undefined) {
      if (this.#waiters.length >= this.#max) return undefined;
      correlation = this.#waiters.length;
      this.#waiters.push(waiter);
    } else {
      this.#waiters[correlation] = waiter;
    }
    this.#deadlines.add(correlation, performance.now() + waiter.timeoutMs);
    this.#ticker.want();
    return correlation;
  }

  waiting(correlation: number): Waiter | undefined {
    return this.#waiters[correlation];
  }

  /** One answer less is owed. */
  heard(correlation: number, waiter: Waiter): void {
    if (waiter.owed !== undefined) waiter.owed--;
    this.release(correlation, waiter);
  }

  /** Frees the correlation when nothing is owed under it. */
  release(correlation: number, waiter: Waiter): void {
    if (waiter.owed !== 0) return;
    this.#deadlines.remove(correlation);
    this.#waiters[correlation] = undefined;
    waiter.onFree?.();
    this.#free.push(correlation);
  }

  /** Everybody stops waiting. */
  giveUp(error: ElpisError): void {
    this.#ticker.stop();
    for (const waiter of this.#waiters) {
      waiter?.give(error);
      waiter?.onFree?.();
    }
    this.#waiters.length = 0;
    this.#free.length = 0;
  }

  #expire(): void {
    this.#deadlines.expire(performance.now(), (correlation) => {
      this.#waiters[correlation]?.expire();
    });
  }
}
