const PAUSE_MS = 5000;

/** Counts what is lost, and has it told at once, then at most every five seconds. */
export class DropCount {
  readonly #tell: (count: number, total: number) => void;
  readonly #now: () => number;
  #total = 0;
  #untold = 0;
  #toldAt = Number.NEGATIVE_INFINITY;

  /** @param now milliseconds on a clock that never goes back */
  constructor(tell: (count: number, total: number) => void, now: () => number) {
    this.#tell = tell;
    this.#now = now;
  }

  add(count: number): void {
    this.#total += count;
    this.#untold += count;
    if (this.#now() - this.#toldAt >= PAUSE_MS) this.flush();
  }

  /** Tells what was counted and not told yet. */
  flush(): void {
    if (this.#untold === 0) return;
    const count = this.#untold;
    this.#untold = 0;
    this.#toldAt = this.#now();
    this.#tell(count, this.#total);
  }
}
