import { parseDuration, parseSize } from "@elpis/api";
import { didYouMean } from "./closest.ts";
import type { Problems } from "./problems.ts";

/** Reads the keys of one object of a configuration; what is wrong goes to `problems`, and the fallback is used. */
export class Fields {
  readonly path: string;
  readonly #value: Readonly<Record<string, unknown>>;
  readonly #problems: Problems;

  constructor(path: string, value: Readonly<Record<string, unknown>>, problems: Problems) {
    this.path = path;
    this.#value = value;
    this.#problems = problems;
  }

  get keys(): string[] {
    return Object.keys(this.#value);
  }

  at(key: string): string {
    return this.path === "" ? key : `${this.path}.${key}`;
  }

  raw(key: string): unknown {
    return Object.hasOwn(this.#value, key) ? this.#value[key] : undefined;
  }

  /** Refuses keys that mean nothing, so that a typing error is not a silent default. */
  only(known: readonly string[]): void {
    for (const key of Object.keys(this.#value)) {
      if (known.includes(key)) continue;
      const hint = didYouMean(key, known);
      this.#problems.add(this.at(key), `unknown key${hint}; known are ${known.join(", ")}`);
    }
  }

  read<Value>(
    key: string,
    expected: string,
    fallback: Value,
    accept: (found: unknown) => boolean,
  ): Value {
    const found = this.raw(key);
    if (found === undefined) return fallback;
    if (accept(found)) return found as Value;
    this.#problems.expected(this.at(key), expected, found);
    return fallback;
  }

  text(key: string): string | undefined {
    return this.read<string | undefined>(key, "a text that is not empty", undefined, isText);
  }

  integer(key: string, least: number, fallback: number): number {
    return this.read(
      key,
      `an integer of at least ${least}`,
      fallback,
      (found) => Number.isSafeInteger(found) && (found as number) >= least,
    );
  }

  texts(key: string): readonly string[] {
    return this.read<readonly string[]>(key, "an array of texts", [], isTexts);
  }

  /** In milliseconds. */
  duration(key: string, fallbackMs: number, leastMs = 0): number {
    const found = this.raw(key);
    if (found === undefined) return fallbackMs;
    const ms = parseDuration(found as never);
    if (ms !== undefined && ms >= leastMs) return ms;
    const least = leastMs > 0 ? ` of at least ${leastMs} ms` : "";
    this.#problems.expected(
      this.at(key),
      `a time span${least}: milliseconds, "500ms", "10s", "2m", "1h" or "7d"`,
      found,
    );
    return fallbackMs;
  }

  /** As {@link duration}, without a fallback. */
  optionalDuration(key: string, leastMs = 0): number | undefined {
    return this.raw(key) === undefined ? undefined : this.duration(key, leastMs, leastMs);
  }

  /** In bytes. */
  size(key: string): number | undefined {
    const found = this.raw(key);
    if (found === undefined) return undefined;
    const bytes = parseSize(found);
    if (bytes === undefined) {
      this.#problems.expected(
        this.at(key),
        'an amount of memory: bytes, "256mb" or "1.5gb"',
        found,
      );
    }
    return bytes;
  }

  /** The fields of an object inside this one; undefined when there is none. */
  inner(key: string, expected: string): Fields | undefined {
    const found = this.raw(key);
    if (found === undefined) return undefined;
    if (isRecord(found)) return new Fields(this.at(key), found, this.#problems);
    this.#problems.expected(this.at(key), expected, found);
    return undefined;
  }

  /** An inner object that was left out. */
  empty(key: string): Fields {
    return new Fields(this.at(key), {}, this.#problems);
  }

  /** Notes that the value at `key` is not what it should be. */
  wrong(key: string, expected: string): void {
    this.#problems.expected(this.at(key), expected, this.raw(key));
  }

  /** Notes something else that is wrong with the object, or with one of its keys. */
  problem(message: string, key?: string): void {
    this.#problems.add(key === undefined ? this.path : this.at(key), message);
  }

  /** Environment variables. */
  env(key: string): Readonly<Record<string, string>> {
    const found = this.raw(key);
    if (found === undefined) return {};
    if (!isRecord(found)) {
      this.#problems.expected(this.at(key), "an object of texts", found);
      return {};
    }
    for (const [name, value] of Object.entries(found)) {
      if (typeof value === "string" && !/[=\0]/.test(name) && !value.includes("\0")) continue;
      this.#problems.expected(`${this.at(key)}.${name}`, "a text", value);
    }
    return found as Record<string, string>;
  }
}

/** Whether `value` is an object that is neither null nor an array. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "" && !value.includes("\0");
}

/** Whether `value` is an array of texts. */
export function isTexts(value: unknown): value is string[] {
  return (
    Array.isArray(value) && value.every((item) => typeof item === "string" && !item.includes("\0"))
  );
}
