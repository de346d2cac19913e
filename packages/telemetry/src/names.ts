import { badInstrument } from "./errors.ts";
import { cutText, wellFormed } from "./hash.ts";

/** Longest name of an instrument, in characters. */
const MAX_NAME = 255;
const MAX_TEXT = 1024;
const MAX_UNIT = 63;

/**
 * A name as every system can take it: letters, digits, `_ . - /`, a letter or `_` first. What else there is becomes `_`.
 *
 * @throws ELPIS_TELEMETRY_BAD_INSTRUMENT when there is no name
 */
export function cleanName(name: unknown): string {
  if (typeof name !== "string" || name.trim() === "") {
    throw badInstrument(name, "its name has to be a text that is not empty");
  }
  const plain = name.trim().replaceAll(/[^\w.\-/]/g, "_");
  return cutText(/^[A-Za-z_]/.test(plain) ? plain : `_${plain}`, MAX_NAME);
}

/** A unit: printable ASCII. Anything else counts as none. */
export function cleanUnit(unit: unknown): string {
  return typeof unit === "string" && unit.length <= MAX_UNIT && /^[ -~]*$/.test(unit)
    ? unit.trim()
    : "";
}

/** A description or a group: one line. */
export function cleanText(text: unknown): string {
  return typeof text === "string" ? cutText(wellFormed(text).trim(), MAX_TEXT) : "";
}
