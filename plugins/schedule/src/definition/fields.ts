import { parseDuration } from "@elpis/api";
import { type Problem, show } from "./problem.ts";

const YEAR_MS = 366 * 86_400_000;

/** Reads the keys of one object; what is wrong goes to `problems`, and the fallback is used. */
export class Fields {
  readonly #value: Readonly<Record<string, unknown>>;
  readonly #path: readonly string[];
  readonly #problems: Problem[];

  constructor(value: unknown, path: readonly string[], problems: Problem[]) {
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    if (!isObject) problems.push({ path, message: `expected an object, got ${show(value)}` });
    this.#value = isObject ? (value as Record<string, unknown>) : {};
    this.#path = path;
    this.#problems = problems;
  }

  raw(key: string): unknown {
    return Object.hasOwn(this.#value, key) ? this.#value[key] : undefined;
  }

  /** Refuses keys that mean nothing, so that a typing error is not a silent default. */
  only(known: readonly string[]): void {
    for (const key of Object.keys(this.#value)) {
      if (!known.includes(key)) this.wrong(key, `unknown key; known are ${known.join(", ")}`);
    }
  }

  wrong(key: string, message: string): void {
    const path = key === "" ? this.#path : [...this.#path, key];
    this.#problems.push({ path, message });
  }

  expected(key: string, what: string): void {
    this.wrong(key, `expected ${what}, got ${show(this.raw(key))}`);
  }

  read<Value>(
    key: string,
    what: string,
    fallback: Value,
    accepts: (found: unknown) => boolean,
  ): Value {
    const found = this.raw(key);
    if (found === undefined) return fallback;
    if (accepts(found)) return found as Value;
    this.expected(key, what);
    return fallback;
  }

  /** One of some words. */
  word<Word extends string>(key: string, words: readonly Word[], fallback: Word): Word {
    const what = words.map((word) => `"${word}"`).join(" or ");
    return this.read(key, what, fallback, (found) => words.includes(found as Word));
  }

  text(key: string): string | undefined {
    const isText = (found: unknown): boolean => typeof found === "string" && found !== "";
    return this.read<string | undefined>(key, "a text that is not empty", undefined, isText);
  }

  texts(key: string): readonly string[] {
    const isTexts = (found: unknown): boolean =>
      Array.isArray(found) && found.every((one) => typeof one === "string");
    return this.read<readonly string[]>(key, "an array of texts", [], isTexts);
  }

  integer(key: string, least: number, fallback: number): number {
    const isCount = (found: unknown): boolean =>
      Number.isSafeInteger(found) && (found as number) >= least;
    return this.read(key, `a whole number from ${least}`, fallback, isCount);
  }

  /** In milliseconds. */
  duration(key: string, fallbackMs: number, leastMs = 0): number {
    const found = this.raw(key);
    if (found === undefined) return fallbackMs;
    const ms = parseDuration(found, YEAR_MS);
    if (ms !== undefined && ms >= leastMs) return ms;
    const least = leastMs > 0 ? ` of at least ${leastMs} ms` : "";
    this.expected(key, `a time span${least} such as 500, "10s", "2m", "1h", "7d"`);
    return fallbackMs;
  }

  /** The keys of an object that may be left out. */
  inner(key: string): Fields {
    const found = this.raw(key);
    return new Fields(found === undefined ? {} : found, [...this.#path, key], this.#problems);
  }
}
