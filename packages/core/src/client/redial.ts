import { type ElpisError, hasCode } from "@elpis/api";

const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 2000;

/** Makes a connection to the hub, once; rejects when there is none. */
export type Dial = (signal: AbortSignal) => Promise<void>;

/** How long to wait before an attempt (from 0): about twice as long each time, and not the same for everybody. */
export function redialPauseMs(attempt: number, random: number): number {
  const full = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt);
  return full * (0.5 + random / 2);
}

/** Whether the hub has said for good that it will not have this peer. */
export function isRefusal(error: unknown): error is ElpisError {
  // By its code: whoever makes the connection may have another copy of the class.
  return hasCode(error) && error.code.startsWith("ELPIS_PROTOCOL_") && !error.retryable;
}

/** Dials until there is a connection again, or the hub refuses, or it is stopped. */
export class Redial {
  readonly #dial: Dial;
  readonly #onRefused: (error: ElpisError) => void;
  #attempt = 0;
  #pauseMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #abort: AbortController | undefined;

  constructor(dial: Dial, onRefused: (error: ElpisError) => void) {
    this.#dial = dial;
    this.#onRefused = onRefused;
  }

  /** The connection was lost after `heldMs`. One that held longer than it took to wait for it was good. */
  begin(heldMs: number): void {
    if (heldMs > this.#pauseMs) this.#attempt = 0;
    this.#next();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#abort?.abort();
    this.#abort = undefined;
  }

  #next(): void {
    this.#pauseMs = redialPauseMs(this.#attempt++, Math.random());
    // It keeps the process: whoever was connected is waiting for work.
    this.#timer = setTimeout(() => this.#try(), this.#pauseMs);
  }

  #try(): void {
    const abort = new AbortController();
    this.#abort = abort;
    this.#dial(abort.signal).then(
      () => {
        if (this.#abort === abort) this.#abort = undefined;
      },
      (error: unknown) => {
        if (abort.signal.aborted) return;
        this.#abort = undefined;
        if (isRefusal(error)) this.#onRefused(error);
        else this.#next();
      },
    );
  }
}
