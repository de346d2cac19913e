import { MAX_RECORD_BYTES, MAX_RECORD_KEYS } from "./limits.ts";
import { bytesOf } from "./records.ts";

/** Shapes that were seen once; more are forgotten, all together. */
const MAX_SEEN = 1024;

/** Decides which shapes of objects become records. There are few numbers for them, and they are never given back. */
export class Shapes {
  readonly #seen = new Set<string>();

  /** Whether objects with these keys are to be a record: at the second sight, since keys of a dictionary do not come again. */
  isWorth(keys: readonly string[]): boolean {
    if (keys.length === 0 || keys.length > MAX_RECORD_KEYS) return false;
    const shape = keys.join("\0");
    // A name with half of a surrogate pair is another one when it arrives.
    if (bytesOf(keys) > MAX_RECORD_BYTES || Buffer.from(shape).toString() !== shape) return false;
    if (this.#seen.delete(shape)) return true;
    if (this.#seen.size === MAX_SEEN) this.#seen.clear();
    this.#seen.add(shape);
    return false;
  }
}
