import type { TraceQuery, TraceStatus } from "@elpis/api";
import { readDuration } from "../../duration.ts";
import { usageError } from "../../errors.ts";
import type { TracesOptions } from "../../options.ts";
import { parseSince } from "../../preset.ts";

const STATUSES: readonly string[] = [
  "unfinished",
  "timeout",
  "error",
  "slow",
  "normal",
] satisfies TraceStatus[];
/** What `--errors` means: it did not come to a good end. */
const FAILED: readonly TraceStatus[] = ["error", "timeout", "unfinished"];

/**
 * Which traces `traces` was asked for.
 *
 * @param nowMs milliseconds since 1970
 * @throws ELPIS_CLI_USAGE
 */
export function queryOf(options: TracesOptions, nowMs: number): TraceQuery {
  const { name, min, max, process, tag = [], since } = options;
  const statuses = statusesOf(options);
  return {
    ...(name !== undefined && { name }),
    ...(statuses.length > 0 && { statuses }),
    ...(min !== undefined && { minMs: readDuration("--min", min) }),
    ...(max !== undefined && { maxMs: readDuration("--max", max) }),
    ...(process !== undefined && { process }),
    ...(tag.length > 0 && { tags: Object.fromEntries(tag.map(pairOf)) }),
    ...(since !== undefined && { since: momentOf(since, nowMs) }),
  };
}

function statusesOf({ slow, errors, status }: TracesOptions): readonly TraceStatus[] {
  const named = status?.split(",").map((one) => one.trim()) ?? [];
  const wrong = named.find((one) => !STATUSES.includes(one));
  if (wrong !== undefined) {
    throw usageError(`--status ${wrong}: expected some of ${STATUSES.join(", ")}, by commas`);
  }
  const all = [...named, ...(errors === true ? FAILED : []), ...(slow === true ? ["slow"] : [])];
  return [...new Set(all as TraceStatus[])];
}

/** A key has no colon; a value may have some. */
function pairOf(text: string): readonly [string, string] {
  const at = text.indexOf(":");
  if (at < 1)
    throw usageError(`--tag ${text}: expected a key and a value, such as http.route:/cart`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function momentOf(text: string, nowMs: number): number {
  const at = parseSince(text, nowMs);
  if (at !== undefined) return at;
  throw usageError(
    `--since ${text}: expected a span such as 10m, or a time such as 2026-01-31T12:00`,
  );
}
