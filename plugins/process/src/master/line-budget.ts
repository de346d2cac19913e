/** So many lines within any second, and room for the two that tell of the rest. */
const LINES = 8;
const WINDOW_MS = 1000;

/** What was left out: by what happened, by whom it happened to, how often. */
type LeftOut = ReadonlyMap<string, ReadonlyMap<string, number>>;

/**
 * Keeps a log readable when a whole family breaks at once: a bounded number of lines in any second. What is left out is
 * counted, and told together once a second.
 */
export class LineBudget {
  readonly #onLeftOut: (left: LeftOut) => void;
  readonly #now: () => number;
  readonly #told: number[] = [];
  #left = new Map<string, Map<string, number>>();
  #timer: NodeJS.Timeout | undefined;

  /** @param now in milliseconds, of a clock that does not jump */
  constructor(onLeftOut: (left: LeftOut) => void, now: () => number = () => performance.now()) {
    this.#onLeftOut = onLeftOut;
    this.#now = now;
  }

  /** Whether a line may be written about this; if not, it will be told together with others. */
  take(what: string, whom: string): boolean {
    const now = this.#now();
    while (this.#told.length > 0 && now - (this.#told[0] as number) >= WINDOW_MS)
      this.#told.shift();
    // As long as some are to be told together, all are: so that nothing is told out of order.
    if (this.#timer === undefined && this.#told.length < LINES) {
      this.#told.push(now);
      return true;
    }
    const whoms = this.#left.get(what) ?? new Map<string, number>();
    this.#left.set(what, whoms.set(whom, (whoms.get(whom) ?? 0) + 1));
    this.#timer ??= setTimeout(() => this.close(), WINDOW_MS).unref();
    return false;
  }

  /** Tells at once what was left out. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#left.size === 0) return;
    const left = this.#left;
    this.#left = new Map();
    this.#onLeftOut(left);
  }
}
