import { setImmediate as nextTurn, setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import type { Client } from "@elpis/api";
import type { ReadyMode } from "../config/types.ts";

const LOOK_MS = 10;

/** Says once that this process is ready, and never after it has begun to leave. */
export class ReadyGate {
  readonly #client: Client;
  #opened = false;
  #isHeld = false;
  #isAwaited = false;

  constructor(client: Client) {
    this.#client = client;
  }

  open(): void {
    if (this.#opened) return;
    this.#isAwaited = this.#isHeld;
    if (this.#isHeld) return;
    this.#opened = true;
    this.#client.setReady(true);
  }

  /** What would open it only does so once it is released. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    if (this.#isAwaited) this.open();
  }

  /** A server of this process listens. */
  listening(mode: ReadyMode): void {
    if (mode === "listen") this.open();
  }

  /** From now on this process takes no work. */
  close(): void {
    this.#opened = true;
    this.#client.setReady(false);
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
