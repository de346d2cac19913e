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
  /** Read for the reason only, when the answer is a refusal. */
  text?(): Promise<string>;
}

/** Statuses that mean: not taken, later perhaps. */
const LATER: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

/**
 * Does nothing for an answer that says a batch was taken, and throws what the host is to be told otherwise: `413` is
 * {@link TooLarge}; `408`, `425`, `429` and most of `5xx` are {@link RetryLater}, with what `Retry-After` asks for; anything else is
 * {@link Reject}.
 *
 * @throws RetryLater, TooLarge, Reject
 */
export async function checkAnswer(answer: HttpAnswer): Promise<void> {
  const { status, headers } = answer;
  if (status >= 200 && status < 300) return;
  const text = (await answer.text?.().catch(() => "")) ?? "";
  const words = text.replaceAll(/\s+/g, " ").trim().slice(0, REASON_CHARS);
  const reason = words === "" ? `HTTP status ${status}` : `HTTP status ${status}: ${words}`;
  if (status === 413) throw new TooLarge(reason);
  if (LATER.has(status)) throw new RetryLater(retryAfterMs(headers.get("retry-after")), reason);
  throw new Reject(reason);
}

/** `Retry-After` as HTTP has it, seconds or a date, in milliseconds from now; undefined for anything else. */
export function retryAfterMs(header: string | null, now: number = Date.now()): number | undefined {
  if (header === null) return undefined;
  const text = header.trim();
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
