import { type Client, hasCode, type Logger } from "@elpis/api";
import type { Registration, RunTopics } from "../topics.ts";

/** How long a coordinator is waited for: a hub can be joined a moment before its plugins are there. */
const WAIT_MS = 15_000;
const RETRY_MS = 1000;

/** Keeps the coordinator informed of what this process can run. */
export class Registrar {
  readonly #hub: Client<RunTopics>;
  readonly #registration: () => Registration;
  readonly #log: Pick<Logger, "error">;
  readonly #said = new Set<string>();
  #isUnderWay = false;
  #isStale = false;

  constructor(
    hub: Client<RunTopics>,
    registration: () => Registration,
    log: Pick<Logger, "error">,
  ) {
    this.#hub = hub;
    this.#registration = registration;
    this.#log = log;
  }

  /** What this process can run has changed, or has to be said again. */
  tell(): void {
    this.#isStale = true;
    if (this.#isUnderWay) return;
    this.#isUnderWay = true;
    // All that is defined in one go is told in one go.
    queueMicrotask(() => void this.#run());
  }

  async #run(): Promise<void> {
    while (this.#isStale) {
      this.#isStale = false;
      try {
        await this.#register();
      } catch (error) {
        if (!this.#isLater(error)) break;
        this.#isStale = true;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
      }
    }
    this.#isUnderWay = false;
  }

  async #register(): Promise<void> {
    const call = { to: { role: "master" }, timeoutMs: WAIT_MS, absent: "wait" } as const;
    const { problems } = await this.#hub.request(
      "elpis.tasks.register",
      this.#registration(),
      call,
    );
    for (const { task, message } of problems) this.#complain(`task ${task}: ${message}`);
  }

  /** Whether it is of use to try again. */
  #isLater(error: unknown): boolean {
    if (hasCode(error, "ELPIS_HUB_NO_RESPONDER")) {
      this.#complain("nobody keeps the times of tasks: add schedule() to the plugins");
      return false;
    }
    // The end of a connection is told by itself, and its return too.
    if (hasCode(error, "ELPIS_HUB_CLOSED")) return false;
    this.#complain(`tasks could not be offered: ${(error as Error).message}`);
    return hasCode(error) && error.retryable;
  }

  #complain(text: string): void {
    if (this.#said.has(text)) return;
    this.#said.add(text);
    this.#log.error(text);
  }
}
