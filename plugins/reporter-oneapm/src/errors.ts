import type { ErrorRecord } from "@elpis/api";

/** The error as it was. The agent takes the type from the name of its class. */
export function rebuilt({ errType, message, stack }: ErrorRecord): Error {
  const error = new Error(message === "" ? errType : message);
  error.name = errType;
  error.stack = stack === "" ? `${errType}: ${message}` : stack;
  Object.defineProperty(error, "constructor", { value: { name: errType }, configurable: true });
  return error;
}

/** What is shown beside an error. */
export function parametersOf(record: ErrorRecord): Record<string, string | number> {
  const { time, app, process, index, pid, origin, traceId } = record;
  return {
    ...{ time: Math.round(time), app, process, index, pid, origin },
    ...(traceId !== undefined && { traceId }),
  };
}
