import { MAX_DURATION_MS } from "@elpis/api";
import { badIndicator } from "./errors.ts";
import type { Indicator, IndicatorDefinition } from "./types.ts";

/** How long a question may take that says nothing else, in milliseconds. */
export const DEFAULT_TIMEOUT_MS = 3000;

const SCOPES: readonly unknown[] = ["system", "app", "process"];

/**
 * Defines something that a process can tell, for `indicators(hub).add(…)`.
 *
 * @throws ELPIS_TELEMETRY_BAD_INDICATOR
 * @example
 * const queue = defineIndicator({
 *   group: "shop",
 *   name: "queue",
 *   scope: "process",
 *   collect: () => ({ waiting: orders.length }),
 * });
 */
export function defineIndicator<Value = unknown, Query = unknown>(
  definition: IndicatorDefinition<Value, Query>,
): Indicator<Value, Query> {
  const { group, name = group, scope, timeoutMs = DEFAULT_TIMEOUT_MS, collect } = definition;
  checkName("indicator", "group", group);
  checkName("indicator", "name", name);
  if (!SCOPES.includes(scope)) {
    throw badIndicator("indicator", "scope", '"system", "app" or "process"', scope);
  }
  checkTimeout("indicator", timeoutMs);
  if (collect !== undefined && typeof collect !== "function") {
    throw badIndicator("indicator", "collect", "a function", collect);
  }
  return { group, name, scope, timeoutMs, collect: collect?.bind(definition) };
}

/** @throws ELPIS_TELEMETRY_BAD_INDICATOR */
export function checkName(what: string, part: string, name: unknown): void {
  if (typeof name === "string" && /^[\w.-]{1,64}$/.test(name)) return;
  throw badIndicator(what, part, "1 to 64 letters, digits, `.`, `_`, `-`", name);
}

/** @throws ELPIS_TELEMETRY_BAD_INDICATOR */
export function checkTimeout(what: string, timeoutMs: unknown): void {
  if (typeof timeoutMs === "number" && timeoutMs >= 1 && timeoutMs <= MAX_DURATION_MS) return;
  throw badIndicator(what, "timeoutMs", "milliseconds from 1", timeoutMs);
}
