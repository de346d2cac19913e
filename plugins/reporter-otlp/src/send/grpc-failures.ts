import { Reject, RetryLater, TooLarge } from "@elpis/api";
import type { ServiceError } from "@grpc/grpc-js";
import { retryDelayMs } from "./retry-delay.ts";

const EXHAUSTED = 8;
/** Cancelled, deadline exceeded: whether it was taken is not known. */
const IN_DOUBT: ReadonlySet<number> = new Set([1, 4]);
/** Codes after which OTLP wants to be asked again: aborted, out of range, unavailable, data loss. */
const LATER: ReadonlySet<number> = new Set([10, 11, 14, 15]);

/** Whether an answer, or that there was none, leaves open what became of a request. */
export function isInDoubt({ code }: Pick<ServiceError, "code">): boolean {
  return IN_DOUBT.has(code);
}

/** What a host is told of a call that failed. */
export function failureOf(error: ServiceError, scrub: (text: string) => string): Error {
  const { code, details } = error;
  const reason = `gRPC status ${code}: ${scrub(details).slice(0, 500)}`;
  if (isInDoubt(error)) {
    // The host knows these as what they are; an error of ours would say that nothing was taken.
    return Object.assign(new Error(reason), { name: "TimeoutError", code: "ETIMEDOUT" });
  }
  const afterMs = retryDelayMs(error);
  if (LATER.has(code) || (code === EXHAUSTED && afterMs !== undefined)) {
    return new RetryLater(afterMs, reason);
  }
  // Servers say so of what is longer than they take.
  if (code === EXHAUSTED && /larger than|too large|max(?:imum)? (?:message )?size/i.test(details)) {
    return new TooLarge(reason);
  }
  return new Reject(reason);
}
