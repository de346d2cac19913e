import { usageError } from "../../errors.ts";
import type { LogsOptions } from "../../options.ts";
import { type LineFilter, parseSince } from "../../preset.ts";

/**
 * Which lines `logs` was asked for.
 *
 * @param nowMs milliseconds since 1970
 * @throws ELPIS_CLI_USAGE
 */
export function filterOf(options: LogsOptions, nowMs: number): LineFilter {
  const { process, stream, level, grep, since } = options;
  return {
    process,
    stream,
    level,
    grep: grep === undefined ? undefined : regexpOf(grep),
    since: since === undefined ? undefined : momentOf(since, nowMs),
  };
}

function regexpOf(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    throw usageError(`--grep ${text}: ${(error as Error).message}`);
  }
}

function momentOf(text: string, nowMs: number): number {
  const at = parseSince(text, nowMs);
  if (at === undefined) {
    throw usageError(
      `--since ${text}: expected a span such as 10m, or a time such as 2026-01-31T12:00`,
    );
  }
  return at;
}
