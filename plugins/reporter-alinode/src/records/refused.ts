/** Items that are not written, by reason. */
export class Refused {
  readonly #reasons = new Map<string, number>();

  add(reason: string, count = 1): void {
    if (count > 0) this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + count);
  }

  get count(): number {
    return [...this.#reasons.values()].reduce((sum, one) => sum + one, 0);
  }

  /** Every reason with its count. */
  get reason(): string {
    return [...this.#reasons].map(([reason, count]) => `${count}: ${reason}`).join("; ");
  }
}
