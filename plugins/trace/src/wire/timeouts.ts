import type { SignalTags } from "@elpis/api";

/** Types of errors that mean that a deadline has passed. */
const TIMEOUTS: ReadonlySet<unknown> = new Set([
  "ELPIS_HUB_DEADLINE",
  "TimeoutError",
  "ETIMEDOUT",
  "ESOCKETTIMEDOUT",
]);
const OWN_TIMEOUT = /^ELPIS_[A-Z_]+_TIMEOUT$/;
const GATEWAY_TIMEOUT = 504;
/** Where it may be told. */
const TAGS: readonly string[] = ["error.type", "http.response.status_code"];

/** Whether values of a tag may say that a deadline passed. */
export function mayTellTimeout(name: string): boolean {
  return TAGS.includes(name);
}

/** Whether a tag says that a deadline passed. */
export function isTimeoutTag(name: string, value: unknown): boolean {
  if (name === "http.response.status_code") return Number(value) === GATEWAY_TIMEOUT;
  if (name !== "error.type" || typeof value !== "string") return false;
  return TIMEOUTS.has(value) || OWN_TIMEOUT.test(value);
}

/** Whether tags say that a deadline passed. */
export function isTimeout(tags: SignalTags): boolean {
  return TAGS.some((name) => isTimeoutTag(name, tags[name]));
}
