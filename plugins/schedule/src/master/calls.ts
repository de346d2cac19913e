import { type Client, hasCode } from "@elpis/api";
import { EXECUTE_TOPIC, type Held, type RunOrder, type RunTopics } from "../topics.ts";

/** As long as the hub lets a call take. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * The calls by which processes are given their runs. Each stays open as long as its run: so a process that drains waits for
 * it, and its end is noticed at once.
 */
export class Calls {
  readonly #hub: Client<RunTopics>;
  readonly #onUnclaimed: (held: Held) => void;
  readonly #open = new Map<number, AbortController>();

  /** @param onUnclaimed told when a process does not take what it was given */
  constructor(hub: Client, onUnclaimed: (held: Held) => void) {
    this.#hub = hub as unknown as Client<RunTopics>;
    this.#onUnclaimed = onUnclaimed;
  }

  execute(order: RunOrder, peerId: number): void {
    const { task, token } = order;
    this.revoke(token);
    const controller = new AbortController();
    const { signal } = controller;
    this.#open.set(token, controller);
    const call = { to: { id: peerId }, timeoutMs: LONGEST_MS, signal };
    this.#hub
      .request(EXECUTE_TOPIC, order, call)
      .then(
        ({ started }) => started,
        // Whether it is at work is known by its link, and its lease.
        (error: unknown) => hasCode(error, "ELPIS_HUB_CANCELLED"),
      )
      .then((isTaken) => {
        if (this.#open.get(token) === controller) this.#open.delete(token);
        if (!isTaken) this.#onUnclaimed({ task, token });
      });
  }

  /** The process is told that nobody waits for that attempt any more. */
  revoke(token: number): void {
    this.#open.get(token)?.abort();
    this.#open.delete(token);
  }

  close(): void {
    for (const token of [...this.#open.keys()]) this.revoke(token);
  }
}
