import type { SenderClock } from "../delta/contract.ts";
import { Pauses } from "./pauses.ts";

/** When something of one signal is sent again. */
export class Lane {
  readonly pauses: Pauses;
  readonly #clock: SenderClock;
  readonly #onWake: () => void;
  #off: (() => void) | undefined;

  /** @param onWake called when its pause is over */
  constructor(clock: SenderClock, intervalMs: number, random: () => number, onWake: () => void) {
    this.pauses = new Pauses(intervalMs, random);
    this.#clock = clock;
    this.#onWake = onWake;
  }

  get isPausing(): boolean {
    return this.#off !== undefined;
  }

  /** The backend did not take it: it is left alone for a while. @param wishMs what it asks for */
  failed(wishMs: number | undefined): void {
    this.pauses.failed();
    this.wake();
    this.#off = this.#clock.after(this.pauses.next(wishMs), () => {
      this.#off = undefined;
      this.#onWake();
    });
  }

  /** Ends a pause, and tells nobody. */
  wake(): void {
    this.#off?.();
    this.#off = undefined;
  }
}
