import { toText } from "@elpis/api";
import { objectBadCall } from "../errors.ts";

/** Arguments that a call may have. */
const MAX_ARGUMENTS = 64;

/** What is asked of an object. On the wire: `["call", method, arguments]`, `["get", property]` or `["describe"]`. */
export interface Call {
  readonly op: "call" | "get" | "describe";
  /** Name of the method or property; empty for `describe`. */
  readonly member: string;
  readonly args: unknown[];
}

/**
 * A call as it came from another peer, whatever that sent.
 * @throws ELPIS_OBJECT_BAD_CALL
 */
export function readCall(object: string, input: unknown): Call {
  if (!Array.isArray(input)) throw objectBadCall(object, "it is not a list");
  const [op, member, args] = input as unknown[];
  if (op === "describe") return { op, member: "", args: [] };
  if (op !== "call" && op !== "get") throw objectBadCall(object, `it asks for ${toText(op)}`);
  if (typeof member !== "string") throw objectBadCall(object, "the name is not a text");
  if (op === "get") return { op, member, args: [] };
  if (!Array.isArray(args)) throw objectBadCall(object, "the arguments are not a list");
  checkArguments(object, args);
  return { op, member, args };
}

/** @throws ELPIS_OBJECT_BAD_CALL */
export function checkArguments(object: string, args: readonly unknown[]): void {
  if (args.length > MAX_ARGUMENTS) throw objectBadCall(object, `${args.length} arguments`);
}
