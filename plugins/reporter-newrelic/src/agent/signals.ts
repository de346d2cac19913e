import type { ErrorRecord, EventRecord } from "@elpis/api";
import { eventType } from "../event-type.ts";
import type { AgentApi } from "./load.ts";

/** Hands over an event; false when the agent does not take events. */
export function handEvent(api: AgentApi, event: EventRecord): boolean {
  const { app, name: process, index } = event.source;
  const own = {
    name: event.name,
    // The agent's own timestamp is when it was told.
    time: Math.round(event.time),
    ...(app !== undefined && { app }),
    ...(process !== undefined && { process }),
    ...(index !== undefined && { index }),
    ...(event.traceId !== undefined && { "trace.id": event.traceId }),
  };
  const tags = Object.entries(event.tags)
    .filter(([, value]) => typeof value !== "number" || Number.isFinite(value))
    .map(([key, value]) => [Object.hasOwn(own, key) ? `tags.${key}` : key, value] as const)
    .filter(([key]) => key.length <= 255);
  const attributes = { ...Object.fromEntries(tags), ...own };
  return api.recordCustomEvent(eventType(event.name), attributes) !== false;
}

/** Hands over an error; false when the agent does not take errors. */
export function handError(api: AgentApi, record: ErrorRecord): boolean {
  const { time, app, process, index, pid, origin, traceId } = record;
  const attributes = {
    ...{ time: Math.round(time), app, process, index, pid, origin },
    ...(traceId !== undefined && { "trace.id": traceId }),
  };
  return api.noticeError(rebuilt(record), attributes) !== false;
}

/** The error as it was: the agent reads name, message and stack. */
export function rebuilt({ errType, message, stack }: ErrorRecord): Error {
  const error = new Error(message === "" ? errType : message);
  error.name = errType;
  error.stack = stack === "" ? `${errType}: ${message}` : stack;
  return error;
}
