import type { Batch } from "@elpis/api";
import { errorToLog, eventToLog, type LogParts } from "@elpis/telemetry/otel";
import { attributesOf, type Message, nanos, resourceOf } from "./common.ts";

/** The request for errors and events, as log records. */
export function logsRequest({ errors, events, resource }: Batch): Message {
  const logRecords = [...errors.map(errorToLog), ...events.map(eventToLog)].map(recordOf);
  return {
    resourceLogs: [
      {
        resource: resourceOf(resource),
        scopeLogs: [{ scope: { name: "elpis" }, logRecords }],
      },
    ],
  };
}

function recordOf({ time, body, attributes, ...rest }: LogParts): Message {
  const timeUnixNano = nanos(time);
  return {
    ...{ timeUnixNano, observedTimeUnixNano: timeUnixNano },
    ...rest,
    body: { stringValue: body },
    attributes: attributesOf(attributes),
  };
}
