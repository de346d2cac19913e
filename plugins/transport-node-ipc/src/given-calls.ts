import type { RequestContext } from "@elpis/api";
import { clientLeft, remoteError, tooMany } from "./errors.ts";
import { MAX_CALLS } from "./limits.ts";
import type { Fields, ToClient } from "./messages.ts";
import { fromJson, toJson } from "./values.ts";

interface Given {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** Calls that others have made to one process, until it answers or nobody waits any more. */
export class GivenCalls {
  readonly #send: (name: ToClient, data: Fields) => void;
  readonly #open = new Map<number, Given>();
  #next = 0;

  constructor(send: (name: ToClient, data: Fields) => void) {
    this.#send = send;
  }

  /** Hands a call over; settles with the answer. @throws ELPIS_NODE_IPC_BUSY, _TOO_LARGE, _VALUE */
  begin(input: unknown, { topic, from, deadline, signal }: RequestContext): Promise<unknown> {
    if (this.#open.size >= MAX_CALLS) throw tooMany("calls to the client", MAX_CALLS);
    const call = this.#next++;
    const timeoutMs = Math.max(1, Math.ceil(deadline - performance.now()));
    const bound = Number.isFinite(timeoutMs) ? { timeoutMs } : {};
    this.#send("elpis.call", { call, topic, from, payload: toJson(input), ...bound });
    return new Promise((resolve, reject) => {
      this.#open.set(call, { resolve, reject });
      signal.addEventListener("abort", () => this.#cancel(call, signal.reason), { once: true });
    });
  }

  /** False when nobody waits for it. */
  answer({ call, payload, error }: Fields): boolean {
    const given = this.#open.get(call as number);
    if (given === undefined) return false;
    this.#open.delete(call as number);
    try {
      if (error === undefined) given.resolve(fromJson(payload));
      else given.reject(remoteError(fromJson(error)));
    } catch (cause) {
      given.reject(cause);
    }
    return true;
  }

  /** The process is gone. The hub has answered in its place. */
  abandon(): void {
    for (const given of this.#open.values()) given.reject(clientLeft());
    this.#open.clear();
  }

  #cancel(call: number, reason: unknown): void {
    const given = this.#open.get(call);
    if (given === undefined) return;
    this.#open.delete(call);
    given.reject(reason);
    this.#send("elpis.cancel", { call });
  }
}
