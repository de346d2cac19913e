import { errorToData, type Logger, type StreamCall, toText } from "@elpis/api";
import { Backoff } from "./backoff.ts";

/** A stream that lasted this long, in milliseconds, was a good one: its end is no reason to wait longer. */
const GOOD_MS = 5000;

const ENDED = "it ended";
/** Reasons that belong to the life of an application, where processes and the hub are started again. */
const USUAL: ReadonlySet<string> = new Set([ENDED, "ELPIS_HUB_CLOSED", "ELPIS_HUB_PEER_LOST"]);

/** What a stream is for. */
export interface StreamWish {
  /** What it brings, for the log: `events "started" of timer`. */
  readonly what: string;
  open(): StreamCall<unknown>;
  /** Takes an item; `isFirst` of this opening. Must not throw. */
  onItem(item: unknown, isFirst: boolean): void;
}

/** A stream that is opened again, after a pause, whenever it ends, until it is closed. */
export class LastingStream {
  readonly #wish: StreamWish;
  readonly #log: Logger;
  readonly #backoff: Backoff;
  #call: StreamCall<unknown> | undefined;
  #wakeUp: (() => void) | undefined;
  #isClosed = false;
  /** Code or text of the failure that was told last. */
  #told: string | undefined;

  /** Opens it at once: what is asked after this is asked after it. */
  constructor(wish: StreamWish, log: Logger, random: () => number = Math.random) {
    this.#backoff = new Backoff(random);
    this.#wish = wish;
    this.#log = log;
    // It handles every error of its own.
    void this.#run();
  }

  /** Ends it, and a pause it may be in. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#wakeUp?.();
    this.#call?.cancel();
    this.#call = undefined;
  }

  /** Tries again at once when it is in a pause. */
  wake(): void {
    if (this.#wakeUp === undefined) return;
    this.#backoff.reset();
    this.#wakeUp();
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      const openedAt = performance.now();
      let items = 0;
      try {
        const call = this.#wish.open();
        this.#call = call;
        for await (const item of call) {
          if (this.#isClosed) return;
          this.#wish.onItem(item, items++ === 0);
        }
        if (!this.#isClosed) this.#tell(undefined);
      } catch (error) {
        if (!this.#isClosed) this.#tell(error);
      }
      this.#call = undefined;
      if (this.#isClosed) return;
      if (items > 0 || performance.now() - openedAt >= GOOD_MS) this.#backoff.reset();
      await this.#pause(this.#backoff.next());
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wakeUp?.(), ms);
      timer.unref();
      this.#wakeUp = () => {
        this.#wakeUp = undefined;
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** One line for each new reason, however often it is tried. */
  #tell(error: unknown): void {
    const code = (error as { code?: unknown } | undefined)?.code;
    const reason = error === undefined ? ENDED : toText(code ?? error);
    if (reason === this.#told) return;
    this.#told = reason;
    const fields = error === undefined ? {} : { error: errorToData(error) };
    const level = USUAL.has(reason) ? "info" : "warn";
    this.#log[level](`${this.#wish.what}: the stream ended and is opened again`, fields);
  }
}
