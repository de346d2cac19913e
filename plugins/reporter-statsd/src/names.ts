import { createHash } from "node:crypto";

const HASH_CHARS = 8;
/** What is forgotten at once when there are more: they come back as they are used. */
const MAX_NAMES = 50_000;

/** A text of at most `max` characters; a longer one is cut, with a hash behind it. */
export function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  const kept = text.slice(0, max - HASH_CHARS - 1).replace(/[\uD800-\uDBFF]$/, "");
  return `${kept}_${hashOf(text)}`;
}

/** What became of a text, with a hash of it behind when that is not the text any more: so its name does not depend on others. */
export function marked(text: string, cleaned: string): string {
  return cleaned === text ? text : `${cleaned}_${hashOf(text)}`;
}

/** Eight hexadecimal digits that stand for a text. */
export function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, HASH_CHARS);
}

/**
 * Keeps two series apart that would be called the same and have no hash yet: whoever comes second has one in its name. Capitals do not
 * count, since many a backend does not tell them.
 */
export class Names<Name> {
  readonly #byOwner = new Map<string, Name>();
  readonly #owners = new Set<string>();

  /**
   * @param owner what the series is, exactly
   * @param make its name; with a hash in it where one is given
   * @param textOf what others must not be called as well
   */
  of(owner: string, make: (hash?: string) => Name, textOf: (name: Name) => string): Name {
    const known = this.#byOwner.get(owner);
    if (known !== undefined) return known;
    if (this.#byOwner.size >= MAX_NAMES) {
      this.#byOwner.clear();
      this.#owners.clear();
    }
    let name = make();
    if (this.#owners.has(textOf(name).toLowerCase())) name = make(hashOf(owner));
    this.#owners.add(textOf(name).toLowerCase());
    this.#byOwner.set(owner, name);
    return name;
  }
}
