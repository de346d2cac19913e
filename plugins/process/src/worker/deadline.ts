/** A point in time that can come nearer, but not move away. */
export class Deadline {
  readonly passed: Promise<void>;
  #pass: () => void = () => {};
  #at = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor() {
    this.passed = new Promise((resolve) => {
      this.#pass = resolve;
    });
  }

  get hasPassed(): boolean {
    return this.remainingMs === 0;
  }

  get remainingMs(): number {
    return Math.max(0, this.#at - performance.now());
  }

  /** Sets it to `ms` from now unless it is nearer already. */
  within(ms: number): void {
    const at = performance.now() + ms;
    if (at >= this.#at) return;
    this.#at = at;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#pass, ms);
    // Not a reason for the process to stay.
    this.#timer.unref();
  }

  /** Waits for `work`, until the deadline or for `atMostMs`. True when the work was done. */
  async race(
    work: Promise<unknown>,
    atMostMs: number = Number.POSITIVE_INFINITY,
  ): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late: Promise<unknown>[] = [this.passed];
    if (Number.isFinite(atMostMs)) {
      late.push(
        new Promise<void>((resolve) => {
          timer = setTimeout(resolve, atMostMs);
        }),
      );
    }
    const done = await Promise.race([
      work.then(() => true),
      ...late.map((one) => one.then(() => false)),
    ]);
    clearTimeout(timer);
    return done;
  }
}
