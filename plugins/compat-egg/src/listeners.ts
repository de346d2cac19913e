/** What is called with the data of a message. What it throws or rejects with is reported. */
export type Listener = (data: never) => unknown;

interface Entry {
  readonly listener: Listener;
  readonly once: boolean;
}

/** Functions by name, with the rules of Node's `EventEmitter`. */
export class Listeners {
  readonly #byName = new Map<string, readonly Entry[]>();
  readonly #onChange: (name: string) => void;

  /** @param onChange told of each name that may have got its first listener, or lost its last */
  constructor(onChange: (name: string) => void) {
    this.#onChange = onChange;
  }

  count(name: string): number {
    return this.#of(name).length;
  }

  all(name: string): Listener[] {
    return this.#of(name).map(({ listener }) => listener);
  }

  add(name: string, listener: Listener, once: boolean): void {
    this.#set(name, [...this.#of(name), { listener, once }]);
  }

  /** Takes away the one that was added last, where there are several of the same. */
  remove(name: string, listener: Listener): void {
    const entries = this.#of(name);
    const at = entries.findLastIndex((entry) => entry.listener === listener);
    if (at >= 0) this.#set(name, entries.toSpliced(at, 1));
  }

  removeAll(name?: string): void {
    const names = name === undefined ? [...this.#byName.keys()] : [name];
    for (const one of names) this.#set(one, []);
  }

  /** Those that are to be called now; one that is for once is not there any more. */
  take(name: string): Listener[] {
    const entries = this.#of(name);
    const lasting = entries.filter(({ once }) => !once);
    if (lasting.length < entries.length) this.#set(name, lasting);
    return entries.map(({ listener }) => listener);
  }

  #of(name: string): readonly Entry[] {
    return this.#byName.get(name) ?? [];
  }

  #set(name: string, entries: readonly Entry[]): void {
    if (entries.length > 0) this.#byName.set(name, entries);
    else this.#byName.delete(name);
    this.#onChange(name);
  }
}
