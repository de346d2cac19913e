import type { SpanRecord } from "@elpis/api";

/** Types of errors that mean that a deadline has passed. */
const TIMEOUTS: ReadonlySet<unknown> = new Set([
  "ELPIS_HUB_DEADLINE",
  "TimeoutError",
  "ETIMEDOUT",
  "ESOCKETTIMEDOUT",
]);
const OWN_TIMEOUT = /^ELPIS_[A-Z_]+_TIMEOUT$/;
const GATEWAY_TIMEOUT = 504;

/** Whether a deadline passed in a span. */
export function isTimeout({ tags }: SpanRecord): boolean {
  const type = tags["error.type"];
  if (typeof type === "string" && (TIMEOUTS.has(type) || OWN_TIMEOUT.test(type))) return true;
  return Number(tags["http.response.status_code"]) === GATEWAY_TIMEOUT;
}

/** Whether a span failed, for whatever reason. */
export function isFailure(span: SpanRecord): boolean {
  return span.status === "error" || isTimeout(span);
}
