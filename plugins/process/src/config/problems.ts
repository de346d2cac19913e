import { type ConfigProblem, configInvalid } from "../errors.ts";

/** Gathers everything that is wrong with a configuration, so that its author sees it all at once. */
export class Problems {
  readonly #found: ConfigProblem[] = [];
  readonly #fileOf: (path: string) => string | undefined;

  /** @param fileOf which file a key comes from, where it is not the one that {@link throwIfAny} is told */
  constructor(fileOf: (path: string) => string | undefined = () => undefined) {
    this.#fileOf = fileOf;
  }

  /** Notes that `got` is not what was expected at `path`. */
  expected(path: string, expected: string, got: unknown): void {
    this.add(path, `expected ${expected}, got ${show(got)}`);
  }

  /** Notes something else that is wrong at `path`. */
  add(path: string, message: string): void {
    const file = this.#fileOf(path);
    this.#found.push({ path, message, ...(file !== undefined && { file }) });
  }

  /** @throws ELPIS_CONFIG_INVALID when anything was noted */
  throwIfAny(file: string): void {
    if (this.#found.length > 0) throw configInvalid(file, this.#found);
  }
}

/** A value as a person would write it. */
function show(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "function") return "a function";
  if (typeof value === "bigint") return `${value}n`;
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    text = undefined;
  }
  text ??= String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
