/** Names of processes that are made from those of another process manager: each is allowed, and there once. */
export class Names {
  readonly #taken = new Set<string>(["agent", "master", "all", "weak-all"]);

  /** The name itself where it can be, else one like it; `note` is told of the difference. */
  take(wanted: string, note: (text: string) => void): string {
    const cleaned = wanted.replace(/[^a-z0-9._-]+/gi, "-").replace(/^[^a-z0-9]+|-+$/gi, "");
    const base = cleaned.slice(0, 60) || "app";
    let name = base;
    for (let number = 2; this.#taken.has(name.toLowerCase()); number += 1) {
      name = `${base}-${number}`;
    }
    this.#taken.add(name.toLowerCase());
    if (name !== wanted) note(`"${wanted}" is now named "${name}"`);
    return name;
  }
}
