const LINES = 20;
const MAX_LENGTH = 500;
/** A text this long has enough lines, and no more of it needs to be looked at. */
const ENOUGH = 64 * 1024;

/** The last lines that a process wrote, found only when somebody asks. */
export class LastLines {
  #texts: string[] = [];
  #length = 0;
  #isNew = false;

  /** Whether there is something that was not asked for yet. */
  get isNew(): boolean {
    return this.#isNew;
  }

  add(text: string): void {
    this.#isNew = true;
    this.#texts.push(text);
    this.#length += text.length;
    while (this.#texts.length > LINES || (this.#texts.length > 1 && this.#length > 2 * ENOUGH))
      this.#length -= (this.#texts.shift() as string).length;
  }

  take(): readonly string[] {
    this.#isNew = false;
    const lines = this.#texts.flatMap((text) => text.slice(-ENOUGH).split("\n"));
    return lines
      .slice(-LINES)
      .map((line) => (line.length > MAX_LENGTH ? `${line.slice(0, MAX_LENGTH)}...` : line));
  }
}
