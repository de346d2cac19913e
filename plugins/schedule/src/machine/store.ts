import type { Puts } from "../topics.ts";

const MAX_BYTES = 64 * 1024;
const MAX_KEY_LENGTH = 200;

/** A few values of a task, as JSON. */
export class Store {
  readonly #values: Map<string, string>;

  constructor(saved: Readonly<Record<string, string>> = {}) {
    this.#values = new Map(Object.entries(saved));
  }

  get saved(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#values);
  }

  get(key: string): string | undefined {
    return this.#values.get(key);
  }

  /** Why values cannot be taken in; undefined: they can. */
  problem(puts: Puts): string | undefined {
    const after = new Map(this.#values);
    for (const [key, json] of Object.entries(puts)) {
      if (key === "" || key.length > MAX_KEY_LENGTH)
        return `A key of the store has 1 to ${MAX_KEY_LENGTH} characters`;
      if (json === undefined) after.delete(key);
      else after.set(key, json);
    }
    const bytes = [...after].reduce((sum, [key, json]) => sum + sizeOf(key) + sizeOf(json), 0);
    return bytes > MAX_BYTES
      ? `The store of a task holds ${MAX_BYTES} bytes, and this would be ${bytes}`
      : undefined;
  }

  put(puts: Puts): void {
    for (const [key, json] of Object.entries(puts)) {
      if (json === undefined) this.#values.delete(key);
      else this.#values.set(key, json);
    }
  }
}

function sizeOf(text: string): number {
  return Buffer.byteLength(text);
}
