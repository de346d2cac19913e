import { hasCode } from "@elpis/api";

/** What is to become of a batch that was not taken. */
export type Verdict =
  /** It was not taken: later perhaps. */
  | { readonly type: "later"; readonly afterMs?: number }
  /** Not so much at once. */
  | { readonly type: "halve" }
  /** Never. */
  | { readonly type: "reject" }
  /** It may have been taken, or not. */
  | { readonly type: "doubt" };

/** Nobody has heard a word: the connection could not be made. */
const NOT_MADE =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EAI_FAIL|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|ENETDOWN|ENOENT|EMFILE|ENFILE|EADDRNOTAVAIL|UND_ERR_CONNECT_TIMEOUT|EPROTO|ERR_TLS_.*|ERR_SSL_.*|CERT_.*|UNABLE_TO_.*|SELF_SIGNED_CERT.*|DEPTH_ZERO_SELF_SIGNED_CERT|HOSTNAME_MISMATCH|UNSUPPORTED_CERTIFICATE)$/;
/** The connection ended, or nothing came: who knows. */
const BROKEN =
  /^(ECONNRESET|EPIPE|ETIMEDOUT|ECONNABORTED|UND_ERR_(SOCKET|HEADERS_TIMEOUT|BODY_TIMEOUT|ABORTED)|HPE_.*)$/;
const MAX_CAUSES = 8;

/** Judges what a reporter has thrown. */
export function verdictOf(error: unknown): Verdict {
  if (hasCode(error, "ELPIS_REPORTER_RETRY_LATER")) {
    // Whoever made it may know no more of it than its code.
    const { afterMs } = (error.details ?? {}) as { readonly afterMs?: unknown };
    return { type: "later", ...(typeof afterMs === "number" && { afterMs }) };
  }
  if (hasCode(error, "ELPIS_REPORTER_TOO_LARGE")) return { type: "halve" };
  if (hasCode(error, "ELPIS_REPORTER_TIMEOUT")) return { type: "doubt" };
  let hasBroken = false;
  for (const one of causesOf(error)) {
    const { code, name } = one as { readonly code?: unknown; readonly name?: unknown };
    const text = typeof code === "string" ? code : "";
    if (NOT_MADE.test(text)) return { type: "later" };
    if (BROKEN.test(text) || name === "AbortError" || name === "TimeoutError") hasBroken = true;
  }
  return { type: hasBroken ? "doubt" : "reject" };
}

/** An error, what led to it, and what an error of several is made of. */
function causesOf(error: unknown): object[] {
  const found: object[] = [];
  const open: unknown[] = [error];
  while (open.length > 0 && found.length < MAX_CAUSES) {
    const one = open.shift();
    if (typeof one !== "object" || one === null) continue;
    found.push(one);
    const { cause, errors } = one as { readonly cause?: unknown; readonly errors?: unknown };
    open.push(cause, ...(Array.isArray(errors) ? errors : []));
  }
  return found;
}
