const UNEXPECTED = 1;

/** The same numbers as those of `elpis`: see docs/reference/exit-codes.md. */
const BY_CODE: Readonly<Record<string, number>> = {
  ELPIS_CREATE_USAGE: 2,
  ELPIS_CREATE_TEMPLATE: 2,
  ELPIS_CREATE_NAME: 2,
  ELPIS_CREATE_NOT_WRITTEN: 13,
  ELPIS_CREATE_EXISTS: 16,
};

/** The status with which the command ends after an error. */
export function exitCodeOf(error: unknown): number {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return BY_CODE[String(code)] ?? UNEXPECTED;
}
