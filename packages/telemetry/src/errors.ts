import { ElpisError } from "@elpis/api";

/** One name was asked for as two different instruments. */
export function conflict(name: string, has: string, wanted: string): ElpisError {
  return new ElpisError(
    "ELPIS_TELEMETRY_CONFLICT",
    `There is an instrument "${name}" already, ${has}; it cannot also be ${wanted}. Choose another name, or ask for the same.`,
    { details: { name, has, wanted } },
  );
}

/** An instrument was asked for with something that cannot be one. */
export function badInstrument(name: unknown, what: string): ElpisError {
  return new ElpisError(
    "ELPIS_TELEMETRY_BAD_INSTRUMENT",
    `An instrument ${JSON.stringify(name) ?? typeof name} cannot be made: ${what}.`,
    { details: { name: typeof name === "string" ? name : typeof name, what } },
  );
}

/** A callback of an observable threw, or took too long. */
export function callbackFailed(names: readonly string[], cause: unknown): ElpisError {
  return new ElpisError(
    "ELPIS_TELEMETRY_CALLBACK",
    `A callback that observes ${names.join(", ")} failed; its values are those of before.`,
    { details: { names }, cause },
  );
}

/** A callback of an observable did not come to an end in time. */
export function callbackLate(timeoutMs: number): ElpisError {
  return new ElpisError("ELPIS_TELEMETRY_CALLBACK", `It took longer than ${timeoutMs} ms.`, {
    details: { timeoutMs },
  });
}

/** Something that is no delta was handed to an aggregator. */
export function badDelta(what: string): ElpisError {
  return new ElpisError(
    "ELPIS_TELEMETRY_BAD_DELTA",
    `This is no delta: ${what}. Both sides have to run the same version of @elpis/telemetry.`,
    { details: { what } },
  );
}

/** Something that is no snapshot was given to a new aggregator. */
export function badSnapshot(what: string, cause?: unknown): ElpisError {
  return new ElpisError(
    "ELPIS_TELEMETRY_BAD_SNAPSHOT",
    `This is no snapshot of an aggregator: ${what}. Begin without it; sums then have a new start.`,
    { details: { what }, cause },
  );
}

/** A sender was told too late, or not at all, whether a delta was taken. */
export function sendTimedOut(timeoutMs: number): ElpisError {
  return new ElpisError(
    "ELPIS_TELEMETRY_SEND_TIMEOUT",
    `Nobody said within ${timeoutMs} ms whether a delta was taken; it is sent again.`,
    { details: { timeoutMs }, retryable: true },
  );
}

/** A limit or an option is out of range. */
export function badOption(name: string, expected: string, got: unknown): ElpisError {
  return new ElpisError(
    "ELPIS_TELEMETRY_BAD_OPTION",
    `${name}: expected ${expected}, got ${String(got)}.`,
    { details: { name, expected } },
  );
}

/** A store has as many instruments as it may have. */
export function tooManyInstruments(name: string, limit: number): ElpisError {
  return new ElpisError(
    "ELPIS_TELEMETRY_LIMIT",
    `There are ${limit} instruments already; what "${name}" is told is dropped. Names are for kinds of things: put what varies into attributes.`,
    { details: { name, limit } },
  );
}

/** A reporter did not come back in time from a batch, or from its end. */
export function reportTimedOut(name: string, timeoutMs: number): ElpisError {
  return new ElpisError(
    "ELPIS_REPORTER_TIMEOUT",
    `The reporter ${name} took longer than ${timeoutMs} ms; whether its backend has the batch is not known.`,
    { details: { name, timeoutMs }, retryable: true },
  );
}

/** A reporter did not open in time. */
export function openTimedOut(name: string, timeoutMs: number): ElpisError {
  return new ElpisError(
    "ELPIS_REPORTER_TIMEOUT",
    `The reporter ${name} did not open within ${timeoutMs} ms; it is tried again.`,
    { details: { name, timeoutMs }, retryable: true },
  );
}

/** Something was handed to an exporter after its end. */
export function exporterClosed(): ElpisError {
  return new ElpisError("ELPIS_TELEMETRY_CLOSED", "This exporter was shut down.");
}

/** There is no reporter of that name. */
export function unknownReporter(name: string, known: readonly string[]): ElpisError {
  const all = known.length === 0 ? "There is none" : `There are ${known.join(", ")}`;
  return new ElpisError("ELPIS_REPORTER_UNKNOWN", `There is no reporter "${name}". ${all}.`, {
    details: { name, known },
  });
}
