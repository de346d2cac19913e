import { type ErrorData, hasCode } from "@elpis/api";
import type { FastifyReply } from "fastify";
import { Refusal } from "../errors.ts";
import type { Answered } from "./route.ts";

const STATUS: Readonly<Record<string, number>> = {
  ELPIS_TELEMETRY_BAD_QUERY: 400,
  ELPIS_TRACE_BAD_QUERY: 400,
  ELPIS_TELEMETRY_NO_ENDPOINT: 404,
  ELPIS_PROCESS_UNKNOWN: 404,
  ELPIS_PROCESS_SIGNAL: 400,
  ELPIS_PROCESS_SCALE: 400,
  ELPIS_PROCESS_BUSY: 409,
  ELPIS_PROCESS_STOPPED: 409,
  ELPIS_PROCESS_MASTER_STATE: 409,
  ELPIS_PROCESS_NO_VERSION: 409,
  ELPIS_PROCESS_NOT_READY: 502,
  ELPIS_PROCESS_CANARY_FAILED: 502,
  ELPIS_SCHEDULE_UNKNOWN: 404,
  ELPIS_REPORTER_UNKNOWN: 404,
  ELPIS_HUB_NO_RESPONDER: 503,
  ELPIS_HUB_PEER_LOST: 503,
  ELPIS_HUB_OVERLOADED: 503,
  ELPIS_HUB_CLOSED: 503,
  ELPIS_HUB_DEADLINE: 504,
};

/** What everything is in that has no form of its own. */
interface Envelope {
  readonly data: unknown;
  /** In milliseconds since 1970. */
  readonly timestamp: number;
  readonly success: boolean;
  readonly message: string;
  readonly code?: string;
}

/** Sends what a route has found. */
export function send(reply: FastifyReply, answered: Answered): FastifyReply {
  if ("text" in answered) return reply.type(answered.type).send(answered.text);
  const { data, status = 200, message = "", more } = answered;
  const success = status < 400;
  const envelope: Envelope = { data, timestamp: Date.now(), success, message, ...more };
  return reply.status(status).send(envelope);
}

/** Sends why there is no answer: never a stack, and never with status 200. */
export function sendError(reply: FastifyReply, error: unknown): FastifyReply {
  const { status, code, message } = explain(error);
  const envelope: Envelope = {
    ...{ data: null, timestamp: Date.now(), success: false },
    ...{ message: withoutStack(message), code },
  };
  if (status === 401) void reply.header("www-authenticate", "Bearer");
  return reply.status(status).send(envelope);
}

function explain(error: unknown): { status: number; code: string; message: string } {
  if (error instanceof Refusal) return error;
  // The hub hides codes of ours in errors of handlers; the master is who was asked.
  const remote = hasCode(error, "ELPIS_HUB_REMOTE")
    ? (error.details.remote as ErrorData)
    : undefined;
  const { code, message, statusCode } = (remote ?? error) as ErrorData & { statusCode?: unknown };
  if (code !== undefined && Object.hasOwn(STATUS, code)) {
    return { status: STATUS[code] as number, code, message };
  }
  // What the server itself refuses: a body that is too large, JSON that cannot be read.
  if (typeof statusCode === "number" && statusCode >= 400 && statusCode < 500) {
    return { status: statusCode, code: "ELPIS_ADMIN_INPUT", message };
  }
  return { status: 500, code: code ?? "ELPIS_ADMIN_FAILED", message: message ?? "It failed." };
}

/** Of a process that did not get ready the last lines are told, and they may hold one. */
function withoutStack(message: string): string {
  const lines = message.split("\n").filter((line) => !/^\s*at .+/.test(line));
  return lines.join("\n").slice(0, 2000);
}
