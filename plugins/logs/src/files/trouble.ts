/** What may go wrong with a log. */
export type TroubleKind = "write" | "rotation" | "compression";

interface TroubleEvents {
  readonly onTrouble?: ((error: unknown) => void) | undefined;
  readonly onRecovered?: ((lost: number) => void) | undefined;
  /** Whether the process stays for another attempt. @default true */
  readonly keepsProcess?: boolean | undefined;
}

/** How many lines are lost, and whether more are being lost. */
interface Losses {
  readonly lost: number;
  readonly isDropping: boolean;
}

const FIRST_PAUSE_MS = 250;
const LAST_PAUSE_MS = 1000;

/** What does not work at present: told once each, with growing pauses between attempts. */
export class Trouble {
  readonly #events: TroubleEvents;
  readonly #present = new Set<TroubleKind>();
  #pauseMs = FIRST_PAUSE_MS;
  #lostTold = 0;
  #reason: unknown;
  #wake: (() => void) | undefined;
  #isStopped = false;

  constructor(events: TroubleEvents) {
    this.#events = events;
  }

  /** Whether the disk refuses what is written. */
  get isWaiting(): boolean {
    return this.#present.has("write");
  }

  /** Why the disk refuses, or did so last. */
  get reason(): unknown {
    return this.#reason;
  }

  failed(kind: TroubleKind, error: unknown): void {
    if (kind === "write") this.#reason = error;
    if (this.#present.has(kind)) return;
    this.#present.add(kind);
    this.#events.onTrouble?.(error);
  }

  worked(kind: TroubleKind, losses?: Losses): void {
    // As long as lines are being lost it is not over, though some of them are written.
    if (losses?.isDropping === true) return;
    const wasPresent = this.#present.delete(kind);
    if (losses === undefined) return;
    const lost = losses.lost - this.#lostTold;
    // A disk that was only too slow has refused nothing, and cost lines all the same.
    if (!wasPresent && lost === 0) return;
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#reason = undefined;
    this.#lostTold = losses.lost;
    this.#events.onRecovered?.(lost);
  }

  /** Resolves when it is time for another attempt. */
  async wait(): Promise<void> {
    if (this.#isStopped) return;
    const pauseMs = this.#pauseMs;
    this.#pauseMs = Math.min(pauseMs * 2, LAST_PAUSE_MS);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, pauseMs);
      if (this.#events.keepsProcess === false) timer.unref();
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }

  /** From now on nobody waits. */
  stopWaiting(): void {
    this.#isStopped = true;
    this.#wake?.();
  }
}
