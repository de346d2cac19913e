/** One thing that is wrong with the definition of a task. */
export interface Problem {
  /** The keys that lead to it. */
  readonly path: readonly string[];
  /** What was expected there, and what was found. */
  readonly message: string;
}

/** A value for a message: short, and never throwing. */
export function show(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "function") return "a function";
  try {
    const text = JSON.stringify(value) ?? String(value);
    return text.length > 100 ? `${text.slice(0, 100)}…` : text;
  } catch {
    return Object.prototype.toString.call(value);
  }
}
