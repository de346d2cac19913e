import { type ElpisError, type ErrorData, type Location, toText } from "@elpis/api";
import { Fault } from "@elpis/protocol";
import {
  badPayload,
  type CallName,
  cancelled,
  deadlinePassed,
  noResponder,
  overloaded,
  peerLost,
  remoteError,
  tooLarge,
} from "../errors.ts";

/** The error that a fault stands for. `body` is that of a remote handler's own error. */
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
    default:
      return badPayload(call);
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
