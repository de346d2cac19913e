import { badOption } from "./errors.ts";

/** Defaults with what was given put over them; whole numbers of at least 1. @throws ELPIS_TELEMETRY_BAD_OPTION */
export function wholeNumbers<Values extends Record<string, number>>(
  defaults: Values,
  given: Partial<Record<keyof Values, number | undefined>> | undefined,
): Values {
  const values: Record<string, number> = { ...defaults };
  for (const name of Object.keys(defaults)) {
    const value = given?.[name];
    if (value === undefined) continue;
    if (!Number.isSafeInteger(value) || value < 1) {
      throw badOption(name, "a whole number from 1", value);
    }
    values[name] = value;
  }
  return values as Values;
}

/** A length of time in milliseconds, above 0. @throws ELPIS_TELEMETRY_BAD_OPTION */
export function milliseconds(name: string, value: number): number {
  if (!(value > 0) || value > 2 ** 31 - 1) {
    throw badOption(name, "milliseconds above 0 that a timer can hold", value);
  }
  return value;
}
