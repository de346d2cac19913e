import { promisify } from "node:util";
import { gzip } from "node:zlib";
import {
  HIDDEN,
  Reject,
  type ReportCall,
  RetryLater,
  readBeginning,
  retryAfterMs,
  TooLarge,
} from "@elpis/api";
import { LIMITS } from "./limits.ts";

const zip = promisify(gzip);
const REASON_CHARS = 500;
/** Less of it says nothing. */
const MIN_KEY_CHARS = 4;
/** What New Relic never takes, however often it is asked. */
const DISCARD: ReadonlySet<number> = new Set([400, 401, 403, 404, 405, 409, 410, 411]);
/** What says nothing of a batch, however often it is said. */
const BUSY: ReadonlySet<number> = new Set([408, 429, 503]);
/** After so many attempts it may be the batch itself that cannot be taken. Those behind it would wait until they are too old. */
const MAX_ATTEMPTS = 10;

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
 * Sends a packed body and judges the answer. What was taken does not wait for the rest of it.
 *
 * @throws RetryLater, TooLarge, Reject; and what `fetch` throws
 */
export async function post(
  url: string,
  body: Buffer,
  apiKey: string,
  headers: Readonly<Record<string, string>>,
  { signal, attempt }: Pick<ReportCall, "signal" | "attempt">,
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
  const said = readBeginning(answer);
  if (answer.status < 300) return;
  const text = Buffer.from(await said).toString("utf8");
  judge(answer, hideKey(text, apiKey), attempt);
}

/** Also where the beginning of a text ends within the key. */
function hideKey(text: string, apiKey: string): string {
  const whole = text.replaceAll(apiKey, HIDDEN);
  for (let length = apiKey.length - 1; length >= MIN_KEY_CHARS; length--) {
    if (whole.endsWith(apiKey.slice(0, length))) return whole.slice(0, -length) + HIDDEN;
  }
  return whole;
}

/** Throws what New Relic's own client makes of each status. */
function judge({ status, headers }: Response, said: string, attempt: number): never {
  const words = said.replaceAll(/\s+/g, " ").trim().slice(0, REASON_CHARS);
  const reason = words === "" ? `HTTP status ${status}` : `HTTP status ${status}: ${words}`;
  if (DISCARD.has(status)) throw new Reject(reason);
  if (status === 413) throw new TooLarge(reason);
  if (attempt >= MAX_ATTEMPTS && !BUSY.has(status)) throw new Reject(reason);
  throw new RetryLater(retryAfterMs(headers.get("retry-after")), reason);
}
