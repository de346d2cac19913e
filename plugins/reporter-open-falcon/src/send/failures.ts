import { hasCode, Reject, RetryLater } from "@elpis/api";

/** How long a server may take, whatever the host allows: an agent whose transfer is away blocks for 14 s, then says `success`. */
export const PATIENCE_MS = 3000;

/** The connection ended: the same items later do no harm, unless it is they that the server cannot bear. */
const ENDED: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"]);
const MAX_ATTEMPTS = 10;

/**
 * The time is up. It is not known what was taken, and nothing of it is sent again: pushes that wait for each other block the server for
 * longer and longer.
 */
export function timeUp(): DOMException {
  const message = "no answer in time; it is not known what was taken, and it is not sent again";
  return new DOMException(message, "TimeoutError");
}

/**
 * What the host is to be told of an error: what is no word of the server keeps its code, by which the host judges. Texts are left out,
 * since they may hold an address with a password.
 *
 * @param signal aborted when the time is up
 */
export function failureOf(error: unknown, signal: AbortSignal, attempt: number): unknown {
  if (hasCode(error)) return error;
  if (signal.aborted) return timeUp();
  const code = codeOf(error);
  if (code === undefined) return new Reject("the server cannot be talked to: unknown error");
  const message = `the server cannot be reached: ${code}`;
  if (!ENDED.has(code)) return Object.assign(new Error(message), { code });
  if (attempt < MAX_ATTEMPTS) return new RetryLater(undefined, message);
  return new Reject(`the server has ended the connection ${attempt} times: ${code}`);
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
