import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { HIDDEN, Reject, RetryLater, retryAfterMs, TooLarge } from "@elpis/api";
import { LIMITS } from "./limits.ts";

const zip = promisify(gzip);
const REASON_CHARS = 500;
/** What New Relic never takes, however often it is asked. */
const DISCARD: ReadonlySet<number> = new Set([400, 401, 403, 404, 405, 409, 410, 411]);

/**
 * Packs a body.
 *
 * @throws TooLarge when it is more than one POST may have, Reject when it is and cannot be divided
 */
export async function pack(json: string, items: number): Promise<Buffer> {
  const bytes = await zip(json);
  if (bytes.length <= LIMITS.bytes) return bytes;
  const reason = `${bytes.length} bytes are more than ${LIMITS.bytes} at once`;
  throw items > 1 ? new TooLarge(reason) : new Reject(reason);
}

/**
 * Sends a packed body and judges the answer.
 *
 * @throws RetryLater, TooLarge, Reject; and what `fetch` throws
 */
export async function post(
  url: string,
  body: Buffer,
  apiKey: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  const answer = await fetch(url, {
    method: "POST",
    body: new Uint8Array(body),
    signal,
    // A key in a header of its own would go along to wherever one is sent on.
    redirect: "manual",
    headers: {
      "content-type": "application/json",
      "content-encoding": "gzip",
      "api-key": apiKey,
      ...headers,
    },
  });
  const said = await answer.text().catch(() => "");
  judge(answer.status, answer.headers.get("retry-after"), said.replaceAll(apiKey, HIDDEN));
}

/** Does nothing for what was taken; throws what New Relic's own client makes of each status. */
function judge(status: number, retryAfter: string | null, said: string): void {
  if (status < 300) return;
  const words = said.replaceAll(/\s+/g, " ").trim().slice(0, REASON_CHARS);
  const reason = words === "" ? `HTTP status ${status}` : `HTTP status ${status}: ${words}`;
  if (DISCARD.has(status)) throw new Reject(reason);
  if (status === 413) throw new TooLarge(reason);
  throw new RetryLater(retryAfterMs(retryAfter), reason);
}
