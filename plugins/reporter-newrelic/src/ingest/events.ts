import type { ErrorRecord, EventRecord } from "@elpis/api";
import { eventType } from "../event-type.ts";
import { type Attributes, attributesOf, sourceAttributes } from "./attributes.ts";
import { cut, unfit } from "./limits.ts";
import type { Refused } from "./part.ts";

/** One event as the Event API takes it: flat. */
export type FlatEvent = Attributes & { readonly eventType: string; readonly timestamp: number };

/** Turns events into those of the Event API. They are in no block, so each has what is common to all. */
export function eventsOf(
  events: readonly EventRecord[],
  common: Attributes,
  now: number,
  refused: Refused,
): FlatEvent[][] {
  return events.flatMap((event) => {
    const own = {
      eventType: eventType(event.name),
      timestamp: Math.round(event.time),
      name: event.name,
      ...sourceAttributes(event.source),
      ...(event.traceId !== undefined && { "trace.id": event.traceId }),
    };
    return fitting(own, attributesOf(own, event.tags), common, now, refused);
  });
}

/** Turns errors into events of the type `ElpisError`. */
export function errorsOf(
  errors: readonly ErrorRecord[],
  common: Attributes,
  now: number,
  refused: Refused,
): FlatEvent[][] {
  return errors.flatMap((error) => {
    const own = {
      eventType: "ElpisError",
      timestamp: Math.round(error.time),
      app: error.app,
      process: error.process,
      index: error.index,
      pid: error.pid,
      origin: error.origin,
      seq: error.seq,
      "error.class": cut(error.errType),
      "error.message": cut(error.message),
      ...(error.stack !== "" && { "error.stack": cut(error.stack) }),
      ...(error.traceId !== undefined && { "trace.id": error.traceId }),
    };
    return fitting(own, own, common, now, refused);
  });
}

function fitting(
  own: { readonly eventType: string; readonly timestamp: number },
  attributes: Attributes,
  common: Attributes,
  now: number,
  refused: Refused,
): FlatEvent[][] {
  const all = { ...common, ...attributes } as FlatEvent;
  const why = unfit(own.eventType, own.timestamp, all, {}, now);
  if (why === undefined) return [[all]];
  refused.add(why);
  return [];
}
