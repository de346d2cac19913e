import { Console } from "node:console";
import { inspect } from "node:util";
import type { HubClient } from "@elpis/core/internal";
import { TROUBLE_TOPIC } from "../control.ts";
import type { Departure } from "./departure.ts";

/** Exit code of a process that leaves because of an error that nobody caught: that of Node. */
const UNCAUGHT_EXIT_CODE = 1;
/** More of them within a second, and nothing good can come of going on. */
const FLOOD = 100;
const FLOOD_WINDOW_MS = 1000;

/** What is needed to leave in good order. */
export interface TroubleParts {
  readonly client: HubClient;
  readonly departure: Departure;
  /** How long a replacement may take to get ready, and this process to finish. */
  readonly readyTimeoutMs: number;
  readonly stopTimeoutMs: number;
}

/**
 * What follows an error that nobody caught: no more work is taken, the master is asked for a replacement, what was begun is
 * finished, and the process ends with exit code 1. Until the process is ready, and when the application has a listener
 * of its own or wants Node to abort, nothing is different from what Node does.
 */
export class Trouble {
  readonly #parts: TroubleParts;
  #count = 0;
  #windowBegan = 0;
  #inWindow = 0;
  #isInstalled = false;
  #hasAsked = false;

  constructor(parts: TroubleParts) {
    this.#parts = parts;
    const { onReadiness } = parts.client;
    parts.client.onReadiness = (ready) => {
      onReadiness?.(ready);
      if (ready) this.#install();
    };
  }

  /** Errors that nobody caught. */
  get count(): number {
    return this.#count;
  }

  #install(): void {
    if (this.#isInstalled || wantsAbort()) return;
    this.#isInstalled = true;
    process.on("uncaughtException", this.#onError);
  }

  readonly #onError = (error: unknown): void => {
    // The application deals with it.
    if (process.listenerCount("uncaughtException") > 1) return;
    this.#count += 1;
    print(error);
    if (this.#isFlood()) process.exit(UNCAUGHT_EXIT_CODE);
    const { departure } = this.#parts;
    const wasLeaving = departure.isLeaving;
    departure.refuseWork(UNCAUGHT_EXIT_CODE);
    if (wasLeaving || this.#hasAsked) return;
    this.#hasAsked = true;
    void this.#askToBeReplaced(error);
  };

  #isFlood(): boolean {
    const now = performance.now();
    if (now - this.#windowBegan > FLOOD_WINDOW_MS) {
      this.#windowBegan = now;
      this.#inWindow = 0;
    }
    this.#inWindow += 1;
    return this.#inWindow > FLOOD;
  }

  /** The master sees to the rest: it starts the replacement, and then asks this process to drain. */
  async #askToBeReplaced(error: unknown): Promise<void> {
    const { client, departure, readyTimeoutMs, stopTimeoutMs } = this.#parts;
    const boundMs = Math.max(1, readyTimeoutMs + stopTimeoutMs);
    setTimeout(() => process.exit(UNCAUGHT_EXIT_CODE), boundMs).unref();
    try {
      const answer = await client.request(
        TROUBLE_TOPIC,
        { message: firstLine(error) },
        { to: { role: "master" }, timeoutMs: boundMs },
      );
      if ((answer as { replaced: boolean }).replaced) return;
    } catch {
      // Nobody takes care of it: it ends at once, as it would without Elpis.
      process.exit(UNCAUGHT_EXIT_CODE);
    }
    await departure.leave(stopTimeoutMs);
  }
}

/** Whoever asked for a core file gets it only when nobody listens. */
function wantsAbort(): boolean {
  const options = [...process.execArgv, process.env.NODE_OPTIONS ?? ""].join(" ");
  return /--abort[-_]on[-_]uncaught[-_]exception/.test(options);
}

function print(error: unknown): void {
  const text = error instanceof Error ? inspect(error) : `Uncaught:\n${inspect(error)}`;
  // Not the application's `console`, which it may have sent elsewhere; and unlike a write of our own it forgives a pipe
  // that is broken.
  new Console(process.stderr).error(text);
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : inspect(error);
  return text.split("\n", 1)[0]?.slice(0, 500) ?? "";
}
