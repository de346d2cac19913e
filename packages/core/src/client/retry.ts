import { setTimeout as pause } from "node:timers/promises";
import { hasCode } from "@elpis/api";

/** What a retry costs, where each call earns one; and as much as may be in hand. */
const RETRY_COST = 10;
const MAX_EARNED = 10 * RETRY_COST;
const FIRST_PAUSE_MS = 10;
const MAX_PAUSE_MS = 200;

/** Lets at most one call in ten be made again, with ten in hand: so that retries do not bury what is in trouble already. */
export class RetryBudget {
  #earned = MAX_EARNED;

  /** A call is made. */
  earn(): void {
    this.#earned = Math.min(MAX_EARNED, this.#earned + 1);
  }

  /** Takes what one retry costs; false when there is not as much. */
  spend(): boolean {
    if (this.#earned < RETRY_COST) return false;
    this.#earned -= RETRY_COST;
    return true;
  }
}

/** A call that may be made more than once. */
export interface Retried<Value> {
  readonly budget: RetryBudget;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** Makes the call, with what is left of its time. */
  attempt(leftMs: number): Promise<Value>;
}

/** Makes a call, and again when its peer died or is overloaded, as long as there are time and budget. */
export async function retrying<Value>(call: Retried<Value>): Promise<Value> {
  const { budget, timeoutMs, signal } = call;
  const deadline = performance.now() + timeoutMs;
  budget.earn();
  let pauseMs = FIRST_PAUSE_MS;
  for (let leftMs = timeoutMs; ; leftMs = Math.ceil(deadline - performance.now())) {
    try {
      return await call.attempt(leftMs);
    } catch (error) {
      const isOverload = hasCode(error, "ELPIS_HUB_OVERLOADED");
      if (!isOverload && !hasCode(error, "ELPIS_HUB_PEER_LOST")) throw error;
      // Another peer may take it at once; where all are overloaded some time has to pass.
      const waitMs = isOverload ? pauseMs * (0.5 + Math.random() / 2) : 0;
      if (performance.now() + waitMs + 1 > deadline || !budget.spend()) throw error;
      if (isOverload) {
        pauseMs = Math.min(MAX_PAUSE_MS, 2 * pauseMs);
        // An abort ends the pause; the attempt then says that the call was cancelled.
        await pause(waitMs, undefined, signal === undefined ? {} : { signal }).catch(() => {});
      }
    }
  }
}
