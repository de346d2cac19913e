import { ElpisError } from "../errors.ts";

const REASON_CHARS = 500;

/** Thrown by a reporter: nothing of the batch was taken, and it may be taken later. The host tries again. */
export class RetryLater extends ElpisError {
  /** @param afterMs how long the backend asks to be left alone, in milliseconds; undefined: it did not say */
  constructor(afterMs?: number, reason = "the backend cannot take it now") {
    super("ELPIS_REPORTER_RETRY_LATER", reason, {
      retryable: true,
      ...(afterMs !== undefined && { details: { afterMs } }),
    });
  }
}

/** Thrown by a reporter: nothing of the batch was taken, since it is too large at once. The host halves it. */
export class TooLarge extends ElpisError {
  constructor(reason = "the backend does not take so much at once") {
    super("ELPIS_REPORTER_TOO_LARGE", reason, { retryable: true });
  }
}

/** Thrown by a reporter: the batch will never be taken. The host drops and counts it. */
export class Reject extends ElpisError {
  constructor(reason: string) {
    super("ELPIS_REPORTER_REJECTED", reason);
  }
}

/** What an answer over HTTP is judged by; a `Response` of `fetch` is one. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body?: ReadableStream<Uint8Array> | null;
}

/** How {@link checkAnswer} goes about it. */
export interface CheckAnswerOptions {
  /** Whether the body of a good answer is left to the caller, who has to read or cancel it. @default false */
  readonly keepBody?: boolean;
  /** What the body of a refusal says, of which `bytes` are the beginning. @default it is text in UTF-8 */
  readonly reasonOf?: (bytes: Uint8Array) => string;
  /** Statuses that mean: not taken, later perhaps. @default 408, 425, 429, 500, 502, 503, 504 */
  readonly later?: readonly number[];
}

const LATER: readonly number[] = [408, 425, 429, 500, 502, 503, 504];
/** Of a body, for the reason. What is read beyond it is thrown away, so that the connection can be used again. */
const REASON_BYTES = 4096;
const MAX_READ_BYTES = 65_536;

/**
 * Does nothing for an answer that says a batch was taken, and throws what the host is to be told otherwise: `413` is
 * {@link TooLarge}; `408`, `425`, `429` and most of `5xx`, or what `later` says, are {@link RetryLater}, with what `Retry-After` asks
 * for; anything else is {@link Reject}. The body is read to its end, or given up where it is long: whoever wants that of a good answer says `keepBody`.
 *
 * @throws RetryLater, TooLarge, Reject
 */
export async function checkAnswer(
  answer: HttpAnswer,
  {
    keepBody = false,
    reasonOf = (bytes) => Buffer.from(bytes).toString("utf8"),
    later = LATER,
  }: CheckAnswerOptions = {},
): Promise<void> {
  const { status, headers } = answer;
  if (status >= 200 && status < 300) {
    // It was taken, whatever the rest of the answer does.
    if (!keepBody) void readBeginning(answer);
    return;
  }
  const beginning = await readBeginning(answer);
  const words = reasonOf(beginning).replaceAll(/\s+/g, " ").trim().slice(0, REASON_CHARS);
  const reason = words === "" ? `HTTP status ${status}` : `HTTP status ${status}: ${words}`;
  if (status === 413) throw new TooLarge(reason);
  if (later.includes(status))
    throw new RetryLater(retryAfterMs(headers.get("retry-after")), reason);
  throw new Reject(reason);
}

/**
 * Reads how the body of an answer begins, and gives up the rest. Never rejects: when it breaks off, or the request is aborted, it is what
 * has come.
 *
 * @param maxBytes how much of it. @default 4096
 */
export async function readBeginning(
  { body }: Pick<HttpAnswer, "body">,
  maxBytes: number = REASON_BYTES,
): Promise<Uint8Array> {
  if (body === undefined || body === null) return new Uint8Array();
  const reader = body.getReader();
  const parts: Uint8Array[] = [];
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (bytes < maxBytes) parts.push(value);
      bytes += value.byteLength;
      if (bytes > Math.max(maxBytes, MAX_READ_BYTES)) {
        await reader.cancel();
        break;
      }
    }
  } catch {
    // The status stands in front of it, and is what counts.
  }
  return Buffer.concat(parts).subarray(0, maxBytes);
}

/** `Retry-After` as HTTP has it, seconds or a date, in milliseconds from now; undefined for anything else. */
export function retryAfterMs(header: string | null, now: number = Date.now()): number | undefined {
  if (header === null) return undefined;
  const text = header.trim();
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  // A date has letters; `Date.parse` takes other things for dates as well.
  const at = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
