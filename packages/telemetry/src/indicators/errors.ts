import { ElpisError } from "@elpis/api";

/** An indicator or an endpoint was defined with something that it cannot have. */
export function badIndicator(
  what: string,
  part: string,
  expected: string,
  got: unknown,
): ElpisError {
  return new ElpisError(
    "ELPIS_TELEMETRY_BAD_INDICATOR",
    `This ${what} cannot be: ${part}: expected ${expected}, got ${show(got)}.`,
    { details: { what, part, expected } },
  );
}

/** Two of one name. */
export function duplicateIndicator(what: string, name: string): ElpisError {
  return new ElpisError(
    "ELPIS_TELEMETRY_DUPLICATE_INDICATOR",
    `There is ${what} ${name} in this process already; remove that first, or choose another name.`,
    { details: { what, name } },
  );
}

/** A value that cannot be sent. */
export function badValue(name: string, why: string): ElpisError {
  return new ElpisError(
    "ELPIS_TELEMETRY_INDICATOR_VALUE",
    `What the indicator ${name} gives cannot be sent: ${why}. Give plain data of a bounded size.`,
    { details: { name, why } },
  );
}

/** An indicator took too long. */
export function indicatorLate(name: string, timeoutMs: number): ElpisError {
  return new ElpisError(
    "ELPIS_TELEMETRY_INDICATOR_TIMEOUT",
    `The indicator ${name} gave no value within ${timeoutMs} ms.`,
    { details: { name, timeoutMs }, retryable: true },
  );
}

/** A process answered something that is no answer. */
export function badAnswer(why: string): ElpisError {
  return new ElpisError(
    "ELPIS_TELEMETRY_BAD_ANSWER",
    `It answered something that is none: ${why}. Both sides have to run the same version of @elpis/telemetry.`,
    { details: { why } },
  );
}

/** There is no such endpoint. */
export function noEndpoint(path: string, known: readonly string[]): ElpisError {
  return new ElpisError(
    "ELPIS_TELEMETRY_NO_ENDPOINT",
    `There is no endpoint ${path} in this process; there are ${known.join(", ") || "none"}.`,
    { details: { path, known } },
  );
}

/** A query for a page makes no sense. */
export function badQuery(part: string, expected: string, got: unknown): ElpisError {
  return new ElpisError(
    "ELPIS_TELEMETRY_BAD_QUERY",
    `${part}: expected ${expected}, got ${show(got)}.`,
    { details: { part, expected } },
  );
}

function show(value: unknown): string {
  if (typeof value === "function" || typeof value === "symbol") return `a ${typeof value}`;
  try {
    return (JSON.stringify(value) ?? "nothing").slice(0, 100);
  } catch {
    return typeof value;
  }
}
