import type { IndicatorAnswer, IndicatorFailure } from "./types.ts";

/** What is left when everything counts as often as its scope says. */
export interface Deduped<Value> {
  readonly answers: readonly IndicatorAnswer<Value>[];
  readonly failures: readonly IndicatorFailure[];
}

/**
 * Of a machine or an application one answer counts, the first; a failure only where nobody has an answer. Each process
 * counts by itself.
 */
export function dedupe<Value>(
  answers: readonly IndicatorAnswer<Value>[],
  failures: readonly IndicatorFailure[],
): Deduped<Value> {
  const seen = new Set<string>();
  const isFirst = (one: IndicatorAnswer | IndicatorFailure): boolean => {
    const { scope, group, name, from } = one;
    if (scope === "process") return true;
    const key = `${scope} ${scope === "app" ? from.app : ""} ${group} ${name}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  };
  return { answers: answers.filter(isFirst), failures: failures.filter(isFirst) };
}
