/** What Node writes to stderr about its inspector. */
const OPENED = /^Debugger listening on (ws:\/\/\S+)$/;
const ENDED = "Debugger ending on ";
/** A line that Node writes about its inspector. */
export const INSPECTOR_CHATTER: RegExp =
  /^(Debugger (listening on|attached|ending on)|For help, see: https:\/\/nodejs\.org\/|Waiting for the debugger to )/;
/** How long after the inspector was used Node may still write of it. */
const LAST_WORDS_MS = 2000;

/**
 * Finds the address of the inspector of one process among the lines that it writes to stderr, the only place where Node
 * tells it; and picks out those lines that are there only because it was asked.
 */
export class InspectorLines {
  readonly #waiting = new Set<(url: string) => void>();
  readonly #ours = new Set<string>();
  #url: string | undefined;
  #users = 0;
  #quietUntilMs = 0;

  /** Where the inspector listens, as far as is known. */
  get url(): string | undefined {
    return this.#url;
  }

  /** Looks at a line of stderr. True: nobody needs to see it. */
  take(text: string): boolean {
    if (!INSPECTOR_CHATTER.test(text)) return false;
    const isQuiet = this.#users > 0 || performance.now() < this.#quietUntilMs;
    const [, url] = OPENED.exec(text) ?? [];
    if (url !== undefined) {
      this.#opened(url, isQuiet);
      return isQuiet;
    }
    if (!text.startsWith(ENDED)) return isQuiet;
    this.#url = undefined;
    // A process that was blocked closes it when it recovers, whenever that is.
    return this.#ours.delete(text.slice(ENDED.length)) || isQuiet;
  }

  #opened(url: string, isOurs: boolean): void {
    this.#url = url;
    if (isOurs) this.#ours.add(url);
    for (const resolve of this.#waiting) resolve(url);
    this.#waiting.clear();
  }

  /** Until the function that is returned is called, and a little longer, lines about the inspector are picked out. */
  use(): () => void {
    this.#users += 1;
    return () => {
      this.#users -= 1;
      this.#quietUntilMs = performance.now() + LAST_WORDS_MS;
    };
  }

  /** The inspector is closed. */
  forget(): void {
    this.#url = undefined;
  }

  /** The next address that is told; undefined when there is none in time. */
  next(timeoutMs: number): Promise<string | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(found);
        resolve(undefined);
      }, timeoutMs);
      const found = (url: string): void => {
        clearTimeout(timer);
        resolve(url);
      };
      this.#waiting.add(found);
    });
  }
}
