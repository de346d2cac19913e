import { setImmediate as nextTurn, setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import type { Readiness } from "@elpis/api";
import type { HubClient } from "@elpis/core/internal";
import type { ReadyMode } from "../config/types.ts";

const LOOK_MS = 10;

/**
 * Says that this process is ready, once that is so, and never after it has begun to leave. Meanwhile somebody may say that it
 * is not well: then it takes no work until that is over.
 */
export class ReadyGate implements Readiness {
  readonly #client: HubClient;
  #opened = false;
  #isOver = false;
  #isSuspended = false;
  #isHeld = false;
  #isAwaited = false;

  constructor(client: HubClient) {
    this.#client = client;
    // Whoever says it, also the application itself.
    client.onReadiness = (ready) => {
      if (ready) this.#isOpen();
    };
  }

  open(): void {
    if (this.#opened || this.#isOver) return;
    this.#isAwaited = this.#isHeld;
    if (!this.#isHeld) this.#client.setReady(true);
  }

  /** What would open it only does so once it is released. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    if (this.#isAwaited) this.open();
  }

  suspend(): void {
    this.#isSuspended = true;
    if (this.#opened && !this.#isOver) this.#client.setReady(false);
  }

  resume(): void {
    if (!this.#isSuspended) return;
    this.#isSuspended = false;
    if (this.#opened && !this.#isOver) this.#client.setReady(true);
  }

  /** A server of this process listens. */
  listening(mode: ReadyMode): void {
    if (mode === "listen") this.open();
  }

  /** From now on this process takes no work. */
  close(): void {
    this.#isOver = true;
    this.#client.setReady(false);
  }

  /** The master has been told, and waits no more: it may hear now that it takes no work. */
  #isOpen(): void {
    this.#opened = true;
    if (this.#isSuspended) this.#client.setReady(false);
  }
}

/**
 * Calls `done` when the entry has been evaluated, its top-level await included. To be called at the very end of the
 * bootstrap. What the entry throws is Node's to report.
 */
export async function onceEvaluated(done: () => void): Promise<void> {
  // Node goes on to the entry as soon as the bootstrap is done; by the next turn it has begun to load it.
  await nextTurn();
  const main = process.mainModule;
  if (main !== undefined) {
    // A CommonJS entry is evaluated in one go; one that threw, and was forgiven, stays as it is for ever.
    while (!main.loaded) await pause(LOOK_MS, undefined, { ref: false });
    done();
    return;
  }
  const entry = process.argv[1];
  if (entry === undefined) return;
  try {
    // The module that Node is loading, or has loaded: one and the same.
    await import(pathToFileURL(entry).href);
    done();
  } catch {
    // Node has the same error, and ends the process with it.
  }
}

/** Calls `done` when the application says `process.send("ready")`. */
export function onceTold(done: () => void): void {
  const send = process.send?.bind(process);
  if (send === undefined) return;
  process.send = (message: unknown, ...rest: never[]): boolean => {
    if (message !== "ready") return send(message as never, ...rest);
    done();
    return true;
  };
}
