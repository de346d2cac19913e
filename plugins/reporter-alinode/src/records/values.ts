/** From here on a number is written with an exponent, of which the reader takes the first digit. */
const MOST = 1e21;

/**
 * A value as the reader takes it: digits, and up to two behind the point.
 *
 * @returns a reason when it would be read as something else
 */
export function valueText(value: number): { text: string } | { reason: string } {
  if (!Number.isFinite(value)) return { reason: "it is no number" };
  if (value < 0) return { reason: "it is below 0, which is not read" };
  if (value >= MOST) return { reason: "it is too large to be written without an exponent" };
  const text = value.toFixed(2).replace(/\.?0+$/, "");
  if (value > 0 && Number(text) === 0) {
    return { reason: "it is so small that it would be read as 0; option `scale` enlarges it" };
  }
  return { text: text === "" ? "0" : text };
}
