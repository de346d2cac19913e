/** What a procfile declares of one kind, in order; of two with one name the later one is kept. */
export class NamedEntries<Entry extends { readonly name: string }> implements Iterable<Entry> {
  #entries: readonly Entry[] = [];

  find(name: string): Entry | undefined {
    return this.#entries.find((entry) => entry.name === name);
  }

  add(entry: Entry): Entry {
    const others = this.#entries.filter(({ name }) => name !== entry.name);
    this.#entries = [...others, entry];
    return entry;
  }

  /** Makes room for `entry` under a name that it is about to take. */
  rename(entry: Entry, name: string): void {
    this.#entries = this.#entries.filter((one) => one === entry || one.name !== name);
  }

  drop(entry: Entry): void {
    this.#entries = this.#entries.filter((one) => one !== entry);
  }

  [Symbol.iterator](): Iterator<Entry> {
    return this.#entries[Symbol.iterator]();
  }
}
