import { ElpisError } from "@elpis/api";

/** A condition did not come true in time. */
export function waitedInVain(what: string, timeoutMs: number, cause?: unknown): ElpisError {
  const last = cause instanceof Error ? `; at last: ${cause.message}` : "";
  return new ElpisError(
    "ELPIS_TESTING_TIMEOUT",
    `Waited ${timeoutMs} ms in vain for ${what}${last}.`,
    { details: { what, timeoutMs }, cause },
  );
}

/** The test kit was called with something it cannot use. */
export function badArgument(what: string, expected: string, got: unknown): ElpisError {
  return new ElpisError(
    "ELPIS_TESTING_BAD_ARGUMENT",
    `${what}: expected ${expected}, got ${String(got)}.`,
    { details: { what, expected } },
  );
}
