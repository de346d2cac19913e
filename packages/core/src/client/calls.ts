import type { ElpisError } from "@elpis/api";
import { Deadlines } from "../time/deadlines.ts";
import { Ticker } from "../time/ticker.ts";
import type { Waiter } from "./waiters.ts";

const TICK_MS = 10;

/** What this peer has asked and not yet heard. A correlation is used again only when the hub owes nothing under it. */
export class OwnCalls {
  readonly #waiters: Array<Waiter | undefined> = [];
  readonly #free: number[] = [];
  readonly #max: number;
  readonly #onKeptExpired: (correlation: number) => void;
  /** Made for the first call: most clients of a large application ask rarely or never. */
  #clock: { readonly deadlines: Deadlines; readonly ticker: Ticker } | undefined;

  /** @param onKeptExpired told of a call that expired here and that the hub may still keep for somebody */
  constructor(max: number, onKeptExpired: (correlation: number) => void) {
    this.#max = max;
    this.#onKeptExpired = onKeptExpired;
  }

  /**
   * Takes a correlation; undefined when all are in use.
   * @param timeoutMs until `waiter` expires; 0 is never
   */
  begin(waiter: Waiter, timeoutMs: number): number | undefined {
    let correlation = this.#free.pop();
    if (correlation === undefined) {
      if (this.#waiters.length >= this.#max) return undefined;
      correlation = this.#waiters.length;
      this.#waiters.push(waiter);
    } else {
      this.#waiters[correlation] = waiter;
    }
    if (timeoutMs > 0) {
      this.#clock ??= this.#startClock();
      this.#clock.deadlines.add(correlation, performance.now() + timeoutMs);
      this.#clock.ticker.want();
    }
    return correlation;
  }

  waiting(correlation: number): Waiter | undefined {
    return this.#waiters[correlation];
  }

  /** Milliseconds until the waiter expires, at least 1; 0 when it never does. */
  remaining(correlation: number): number {
    const dueMs = this.#clock?.deadlines.dueAt(correlation) ?? 0;
    return dueMs === 0 ? 0 : Math.max(1, Math.ceil(dueMs - performance.now()));
  }

  /** One answer less is owed. */
  heard(correlation: number, waiter: Waiter): void {
    if (waiter.owed !== undefined) waiter.owed--;
    this.release(correlation, waiter);
  }

  /** Frees the correlation when nothing is owed under it. */
  release(correlation: number, waiter: Waiter): void {
    if (waiter.owed !== 0) return;
    this.#clock?.deadlines.remove(correlation);
    this.#waiters[correlation] = undefined;
    waiter.onFree?.();
    this.#free.push(correlation);
  }

  /** Everybody stops waiting. */
  giveUp(error: ElpisError): void {
    this.#clock?.ticker.stop();
    for (const waiter of this.#waiters) {
      waiter?.give(error);
      waiter?.onFree?.();
    }
    this.#waiters.length = 0;
    this.#free.length = 0;
  }

  #expire(correlation: number): void {
    const waiter = this.#waiters[correlation];
    waiter?.expire();
    if (waiter?.isKept === true) this.#onKeptExpired(correlation);
  }

  #startClock(): { deadlines: Deadlines; ticker: Ticker } {
    const deadlines = new Deadlines(performance.now(), TICK_MS);
    const ticker = new Ticker(TICK_MS, () => {
      deadlines.expire(performance.now(), (correlation) => this.#expire(correlation));
      return deadlines.size > 0;
    });
    return { deadlines, ticker };
  }
}
