/** Time that moves from one event to the next. */
export class Clockwork {
  nowMs = 0;
  readonly #queue: Array<{
    readonly atMs: number;
    readonly order: number;
    readonly run: () => void;
  }> = [];
  #order = 0;

  /** Calls `run` after so many milliseconds; of equal times the first that was asked for is the first. */
  after(delayMs: number, run: () => void): void {
    const one = { atMs: this.nowMs + Math.max(0, delayMs), order: this.#order++, run };
    let at = this.#queue.length;
    while (at > 0 && this.#isBehind(at - 1, one)) at--;
    this.#queue.splice(at, 0, one);
  }

  /** Runs all that is to happen until then. */
  runUntil(untilMs: number): void {
    for (;;) {
      const next = this.#queue[0];
      if (next === undefined || next.atMs > untilMs) break;
      this.#queue.shift();
      this.nowMs = next.atMs;
      next.run();
    }
    this.nowMs = untilMs;
  }

  #isBehind(at: number, one: { readonly atMs: number }): boolean {
    return (this.#queue[at]?.atMs ?? 0) > one.atMs;
  }
}
