import type { SchemaIssue, Signal, StandardSchema } from "@elpis/api";

/** Options of `consoleReporter`; all may be left out. */
export interface ConsoleOptions {
  /** Where lines go. @default "stdout" */
  readonly stream?: "stdout" | "stderr";
  /** What is printed. @default all four */
  readonly signals?: readonly Signal[];
}

export const SIGNALS: readonly Signal[] = ["metrics", "spans", "errors", "events"];
const STREAMS: readonly unknown[] = ["stdout", "stderr"];

/** Checks options before anything starts. */
export const schema: StandardSchema<ConsoleOptions> = {
  "~standard": {
    version: 1,
    vendor: "elpis",
    validate: (value) => {
      const issues = [...check(value)];
      return issues.length > 0 ? { issues } : { value: value as ConsoleOptions };
    },
  },
};

function* check(options: unknown): Generator<SchemaIssue> {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    return yield { message: "expected an object" };
  }
  const { stream = "stdout", signals = SIGNALS, ...others } = options as Record<string, unknown>;
  if (!STREAMS.includes(stream)) {
    yield { path: ["stream"], message: `expected stdout or stderr, got ${JSON.stringify(stream)}` };
  }
  if (!isSignals(signals)) {
    const known = SIGNALS.join(", ");
    yield {
      path: ["signals"],
      message: `expected a list of ${known}, got ${JSON.stringify(signals)}`,
    };
  }
  for (const key of Object.keys(others)) {
    yield { path: [key], message: "unknown key; known are stream, signals" };
  }
}

function isSignals(value: unknown): boolean {
  if (!Array.isArray(value) || value.length === 0) return false;
  return value.every((one) => SIGNALS.includes(one as Signal));
}
