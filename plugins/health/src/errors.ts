import { ElpisError } from "@elpis/api";

/** Something that was looked at is not well. */
export function notWell(why: string, details: Readonly<Record<string, unknown>> = {}): ElpisError {
  return new ElpisError("ELPIS_HEALTH_DOWN", why, { details, retryable: true });
}

/** A look took too long. */
export function checkLate(timeoutMs: number): ElpisError {
  return new ElpisError("ELPIS_HEALTH_TIMEOUT", `It was not known within ${timeoutMs} ms.`, {
    details: { timeoutMs },
    retryable: true,
  });
}

/** A check was added that cannot be one. */
export function badCheck(name: string, issues: string): ElpisError {
  return new ElpisError("ELPIS_HEALTH_BAD_CHECK", `The check "${name}" cannot be: ${issues}.`, {
    details: { name },
  });
}

/** Two checks of one name. */
export function duplicateCheck(name: string): ElpisError {
  return new ElpisError(
    "ELPIS_HEALTH_DUPLICATE_CHECK",
    `There is a check "${name}" in this process already; remove that first, or choose another name.`,
    { details: { name } },
  );
}
