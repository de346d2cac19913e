/** Uses values of one topic in the order in which they came, though some are known only later. */
export class InOrder {
  /** By topic: the last one that is not known yet, and how many there are. Empty while all are known at once. */
  readonly #lines = new Map<string, { last: Promise<unknown>; waiting: number }>();

  /** How many values of a topic wait. */
  waiting(topic: string): number {
    return this.#lines.get(topic)?.waiting ?? 0;
  }

  /** Calls `use` with `value`: at once if it is there and nothing of its topic waits. */
  run<Result>(
    topic: string,
    value: unknown,
    use: (value: unknown) => Result,
  ): Result | Promise<Awaited<Result>> {
    const line = this.#lines.get(topic);
    if (line === undefined && !(value instanceof Promise)) return use(value);
    // In a list, so that the next one has its turn when this is used, not when what came of it is settled.
    const used = this.#use(line?.last, value, use);
    const last = used.then(nothing, nothing).then(() => this.#done(topic));
    if (line === undefined) this.#lines.set(topic, { last, waiting: 1 });
    else {
      line.last = last;
      line.waiting++;
    }
    return used.then(([result]) => result as Promise<Awaited<Result>>);
  }

  async #use<Result>(
    turn: Promise<unknown> | undefined,
    value: unknown,
    use: (value: unknown) => Result,
  ): Promise<[Result]> {
    try {
      await value;
    } finally {
      await turn;
    }
    return [use(await value)];
  }

  #done(topic: string): void {
    const line = this.#lines.get(topic);
    if (line === undefined) return;
    line.waiting--;
    if (line.waiting === 0) this.#lines.delete(topic);
  }
}

function nothing(): void {}
