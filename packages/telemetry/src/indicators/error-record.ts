import { format } from "node:util";
import type { ErrorOrigin, ErrorRecord, Location } from "@elpis/api";

export type { ErrorOrigin, ErrorRecord } from "@elpis/api";

/** How long the texts of a record may be: so that a hundred of them fit into a message. */
const MAX_MESSAGE = 2000;
const MAX_STACK = 4000;

/** What a record is made from. */
export interface ErrorFacts {
  readonly origin: ErrorOrigin;
  readonly error?: unknown;
  /** @default that of the error */
  readonly message?: string;
  /** Undefined: it is known that there was none. @default that of the trace that is under way */
  readonly traceId?: string | undefined;
}

/** Makes a record. Never throws, whatever the error is. */
export function makeRecord(
  facts: ErrorFacts,
  from: Location,
  seq: number,
  time: number,
): ErrorRecord {
  const { app, name: process, index, pid } = from;
  const { origin, error, traceId } = facts;
  const about = describe(error);
  const message = facts.message ?? about.message;
  return {
    ...{ time, seq, app, process, index, pid, origin },
    errType: about.errType,
    message: message.slice(0, MAX_MESSAGE),
    stack: about.stack.slice(0, MAX_STACK),
    ...(traceId !== undefined && { traceId: traceId.slice(0, 100) }),
  };
}

/** What was given to `console.error`, or to a logger beside its message. */
export function factsOfArguments(args: readonly unknown[]): { error?: unknown; message: string } {
  const error = args.find((one) => isErrorLike(one));
  return { ...(error !== undefined && { error }), message: textOf(args) };
}

function describe(error: unknown): { errType: string; message: string; stack: string } {
  if (!isErrorLike(error)) {
    const message = error === undefined ? "" : textOf([error]);
    return { errType: "Error", message, stack: "" };
  }
  try {
    const { code, name, message, stack } = error as Error & { code?: unknown };
    const errType = typeof code === "string" ? code : name;
    return {
      errType: String(errType ?? "Error").slice(0, 100),
      message: String(message ?? ""),
      stack: String(stack ?? ""),
    };
  } catch {
    return { errType: "Error", message: "an error that cannot be read", stack: "" };
  }
}

/** An error of another realm, and one that a logger has made plain data of, is one too. */
function isErrorLike(value: unknown): boolean {
  if (value instanceof Error) return true;
  if (typeof value !== "object" || value === null) return false;
  try {
    const { message, name } = value as Partial<Error>;
    return typeof message === "string" && typeof name === "string";
  } catch {
    return false;
  }
}

function textOf(args: readonly unknown[]): string {
  const [first, ...rest] = args;
  try {
    // The stack is kept beside it.
    const parts = rest.map((one) => (one instanceof Error ? one.message : one));
    return format(first instanceof Error ? first.message : first, ...parts);
  } catch {
    return "a message that cannot be shown";
  }
}
