import type { ElpisError } from "@elpis/api";
import { cancelled, overloaded } from "../errors.ts";
import type { PackedCall, Session } from "./session.ts";
import type { Waiter } from "./waiters.ts";

/** What is kept for a hub that is away: so many calls, and so many bytes of them. */
const MAX_KEPT = 1024;
const MAX_KEPT_BYTES = 4 * 1024 * 1024;

interface Kept {
  readonly call: PackedCall;
  readonly waiter: Waiter;
  /** On the clock of `performance.now()`. */
  readonly deadline: number;
  /** None for a call without a deadline. */
  readonly timer: NodeJS.Timeout | undefined;
  readonly onAbort: (() => void) | undefined;
}

/** Calls that wait for the hub to come back, in order, each until its own deadline. */
export class KeptCalls {
  readonly #kept = new Set<Kept>();
  #bytes = 0;

  get size(): number {
    return this.#kept.size;
  }

  /**
   * @param timeoutMs 0 for a call without a deadline
   * @throws ELPIS_HUB_OVERLOADED, ELPIS_HUB_CANCELLED
   */
  add(call: PackedCall, waiter: Waiter, timeoutMs: number): void {
    const bytes = call.frame.length;
    const signal = call.options?.signal;
    if (signal?.aborted === true) throw cancelled(waiter, signal.reason);
    if (this.#kept.size >= MAX_KEPT || this.#bytes + bytes > MAX_KEPT_BYTES) {
      throw overloaded(waiter);
    }
    const onExpire = (): void => {
      this.#remove(kept);
      waiter.expire();
    };
    const onAbort = (): void => {
      this.#remove(kept);
      waiter.give(cancelled(waiter, signal?.reason));
    };
    const timer = timeoutMs > 0 ? setTimeout(onExpire, timeoutMs) : undefined;
    timer?.unref();
    signal?.addEventListener("abort", onAbort, { once: true });
    const kept: Kept = {
      call,
      waiter,
      deadline: timeoutMs === 0 ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs,
      timer,
      onAbort: signal === undefined ? undefined : onAbort,
    };
    this.#kept.add(kept);
    this.#bytes += bytes;
  }

  /** The hub is back: each call goes on its way, with what is left of its time. */
  sendTo(session: Session): void {
    const now = performance.now();
    for (const kept of [...this.#kept]) {
      this.#remove(kept);
      const left = kept.timer === undefined ? 0 : Math.ceil(kept.deadline - now);
      if (left >= 1 || kept.timer === undefined) session.again(kept.call, kept.waiter, left);
      else kept.waiter.expire();
    }
  }

  /** The hub will not come back. */
  giveUp(error: ElpisError): void {
    for (const kept of [...this.#kept]) {
      this.#remove(kept);
      kept.waiter.give(error);
    }
  }

  #remove(kept: Kept): void {
    const { call, timer, onAbort } = kept;
    if (!this.#kept.delete(kept)) return;
    this.#bytes -= call.frame.length;
    clearTimeout(timer);
    if (onAbort !== undefined) call.options?.signal?.removeEventListener("abort", onAbort);
  }
}
