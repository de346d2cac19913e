const UNIT: Readonly<Record<string, number>> = { b: 1, kb: 2 ** 10, mb: 2 ** 20, gb: 2 ** 30 };

/**
 * Bytes of an amount of memory: a number is taken as it is; a text has a unit, such as `"512kb"`, `"256mb"`, `"1.5gb"`
 * (also `k`, `m`, `g`), in powers of 1024.
 *
 * @returns undefined when it is none, or not positive
 */
export function parseSize(value: unknown): number | undefined {
  const bytes = typeof value === "number" ? value : parseText(value);
  return bytes >= 1 && bytes <= Number.MAX_SAFE_INTEGER ? Math.round(bytes) : undefined;
}

function parseText(text: unknown): number {
  const found =
    typeof text === "string" ? /^(\d+(?:\.\d+)?) ?([kmg]?)b?$/i.exec(text.trim()) : null;
  if (found === null) return Number.NaN;
  const unit = `${(found[2] ?? "").toLowerCase()}b`;
  return Number(found[1]) * (UNIT[unit] ?? Number.NaN);
}
