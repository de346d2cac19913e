import { configBadKey, configBadValue, configFull, configTooLarge } from "../errors.ts";
import { copyOf } from "../wire/opaque.ts";

/** Bounds of the shared config; sizes in bytes. */
export interface ConfigLimits {
  readonly maxKeys: number;
  readonly maxKeyBytes: number;
  readonly maxValueBytes: number;
  /** Keys and values together. */
  readonly maxBytes: number;
}

export const CONFIG_LIMITS: ConfigLimits = {
  maxKeys: 10_000,
  maxKeyBytes: 255,
  maxValueBytes: 256 * 1024,
  maxBytes: 64 * 1024 * 1024,
};

/** What a key has at a moment. */
export interface ConfigEntry {
  /** Grows with every change of any key. */
  readonly version: number;
  readonly value: Uint8Array;
}

/** The shared values, as bytes that nobody looks into. */
export class ConfigStore {
  readonly #limits: ConfigLimits;
  readonly #entries = new Map<string, ConfigEntry>();
  /** In order, so that a part of a long list can be found again. */
  readonly #keys: string[] = [];
  #bytes = 0;
  #version = 0;

  constructor(limits: ConfigLimits = CONFIG_LIMITS) {
    this.#limits = limits;
  }

  /** Number of the last change. */
  get version(): number {
    return this.#version;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Bytes of all keys and values. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @throws ELPIS_CONFIG_BAD_KEY, ELPIS_CONFIG_BAD_VALUE, ELPIS_CONFIG_TOO_LARGE, ELPIS_CONFIG_FULL */
  set(key: unknown, value: unknown): ConfigEntry {
    const name = checkKey(key, this.#limits.maxKeyBytes);
    if (!(value instanceof Uint8Array)) throw configBadValue(name, "is not packed");
    const { maxKeys, maxValueBytes, maxBytes } = this.#limits;
    if (value.length > maxValueBytes) throw configTooLarge(name, value.length, maxValueBytes);
    const old = this.#entries.get(name);
    if (old === undefined && this.#entries.size >= maxKeys) throw configFull(name, "keys", maxKeys);
    const more = value.length - (old?.value.length ?? -Buffer.byteLength(name));
    if (this.#bytes + more > maxBytes) throw configFull(name, "bytes", maxBytes);
    this.#bytes += more;
    if (old === undefined) this.#keys.splice(this.#firstFrom(name), 0, name);
    // What comes from a socket is a part of a larger piece.
    const entry = { version: ++this.#version, value: copyOf(value) };
    this.#entries.set(name, entry);
    return entry;
  }

  /** @throws ELPIS_CONFIG_BAD_KEY */
  get(key: unknown): ConfigEntry | undefined {
    return this.#entries.get(checkKey(key, this.#limits.maxKeyBytes));
  }

  /**
   * Whether there was such a key.
   * @throws ELPIS_CONFIG_BAD_KEY
   */
  delete(key: unknown): boolean {
    const name = checkKey(key, this.#limits.maxKeyBytes);
    const old = this.#entries.get(name);
    if (old === undefined) return false;
    this.#entries.delete(name);
    this.#keys.splice(this.#firstFrom(name), 1);
    this.#bytes -= old.value.length + Buffer.byteLength(name);
    this.#version++;
    return true;
  }

  /** The keys that begin with `prefix` and come after `after`, in order. */
  *keys(prefix = "", after?: string): Generator<string> {
    let at = this.#firstFrom(after === undefined || after < prefix ? prefix : after);
    if (this.#keys[at] === after) at++;
    for (; this.#keys[at]?.startsWith(prefix) === true; at++) yield this.#keys[at] as string;
  }

  /** Index of the first key that is not before `key`. */
  #firstFrom(key: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#keys[middle] as string) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** @throws ELPIS_CONFIG_BAD_KEY */
export function checkKey(key: unknown, maxBytes: number = CONFIG_LIMITS.maxKeyBytes): string {
  if (typeof key === "string" && key !== "" && Buffer.byteLength(key) <= maxBytes) return key;
  throw configBadKey(key, maxBytes);
}
