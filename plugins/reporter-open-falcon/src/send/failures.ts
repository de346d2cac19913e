import { hasCode, Reject, RetryLater } from "@elpis/api";

/** How long a server may take, whatever the host allows: an agent whose transfer is away blocks for 14 s, then says `success`. */
export const PATIENCE_MS = 3000;

/** Errors of connections that were not made, or ended at once: the same items later do no harm. */
const AWAY: ReadonlySet<string> = new Set([
  ...["ECONNREFUSED", "ECONNRESET", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "EHOSTDOWN"],
  ...["ENETUNREACH", "ENETDOWN", "EPIPE", "ENOENT", "UND_ERR_CONNECT_TIMEOUT", "UND_ERR_SOCKET"],
]);

/**
 * What the host is to be told. Nothing that came too late is sent again: the server may have it, and pushes that wait for each
 * other block it for longer and longer. The texts of errors are left out, since they may hold an address with a password.
 */
export function failureOf(error: unknown, signal: AbortSignal): unknown {
  if (hasCode(error)) return error;
  if (signal.aborted) {
    return new Reject(
      "no answer in time; it is not known what was taken, and it is not sent again",
    );
  }
  const code = codeOf(error);
  if (code !== undefined && AWAY.has(code)) {
    return new RetryLater(undefined, `the server cannot be reached: ${code}`);
  }
  return new Reject(`the server cannot be talked to: ${code ?? "unknown error"}`);
}

/** The code of an error, or of what led to it. */
function codeOf(error: unknown): string | undefined {
  for (let one = error, depth = 0; one instanceof Error && depth < 4; one = one.cause, depth++) {
    const [first] = (one as Partial<AggregateError>).errors ?? [];
    const { code } = ((first as unknown) ?? one) as NodeJS.ErrnoException;
    if (typeof code === "string") return code;
  }
  return undefined;
}
