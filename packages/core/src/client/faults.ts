import { type ElpisError, type ErrorData, type Location, toText } from "@elpis/api";
import { Fault } from "@elpis/protocol";
import {
  badPayload,
  badValue,
  type CallName,
  cancelled,
  deadlinePassed,
  noResponder,
  overloaded,
  peerLost,
  remoteError,
  tooLarge,
} from "../errors.ts";

/** The error that a fault stands for. `body` is that of a remote handler's own error, or of a payload that was refused. */
export function faultError(
  code: number,
  body: unknown,
  call: CallName,
  from: Location | undefined,
): ElpisError {
  switch (code) {
    case Fault.remote:
      return remoteError(call, readError(body), from);
    case Fault.noResponder:
      return noResponder(call);
    case Fault.peerLost:
      return peerLost(call, from);
    case Fault.deadline:
      return deadlinePassed(call, from);
    case Fault.overloaded:
      return overloaded(call, from);
    case Fault.cancelled:
      return cancelled(call);
    case Fault.tooLarge:
      return tooLarge(call);
    default: {
      const issues = readIssues(body);
      return issues === undefined ? badPayload(call) : badValue(call, issues);
    }
  }
}

/** An error as data, whatever the other side sent. */
function readError(body: unknown): ErrorData {
  const fields = (body !== null && typeof body === "object" ? body : {}) as Partial<ErrorData>;
  const { name, message, code, retryable, stack, details, cause } = fields;
  return {
    name: typeof name === "string" ? name : "Error",
    message: typeof message === "string" ? message : toText(body),
    ...(typeof code === "string" && { code }),
    ...(retryable === true && { retryable }),
    ...(typeof stack === "string" && { stack }),
    ...(details !== null && typeof details === "object" && { details }),
    ...(cause !== undefined && { cause }),
  };
}

/** What the callee's schema had to say, where it was a schema that refused the payload. */
function readIssues(body: unknown): string[] | undefined {
  if (body === null || typeof body !== "object") return undefined;
  const { issues } = body as { issues?: unknown };
  return Array.isArray(issues) ? issues.map(toText) : undefined;
}
