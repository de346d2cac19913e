import type { SpanRecord } from "@elpis/api";
import { isTimeoutTag } from "../wire/timeouts.ts";

/** Whether a deadline passed in a span. */
export function isTimeout({ tags }: SpanRecord): boolean {
  return ["error.type", "http.response.status_code"].some((name) => isTimeoutTag(name, tags[name]));
}
