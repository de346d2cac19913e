/** The byte that every encoded half of a surrogate pair begins with, and the least byte behind it. */
const LEAD = 0xed;
const LEAST_NEXT = 0xa0;

/**
 * Whether there may be halves of surrogate pairs in `bytes` from `start` on, which msgpackr writes as they are, and which
 * are not UTF-8. No other text looks alike, but numbers and binary may.
 */
export function mayHaveHalves(bytes: Buffer, start: number): boolean {
  let at = bytes.indexOf(LEAD, start);
  while (at !== -1) {
    if ((bytes[at + 1] ?? 0) >= LEAST_NEXT) return true;
    at = bytes.indexOf(LEAD, at + 1);
  }
  return false;
}

/** Whether there is half of a surrogate pair in a text or a name of a prepared value. */
export function hasHalves(value: unknown): boolean {
  if (typeof value === "string") return isTorn(value);
  if (Array.isArray(value)) return value.some(hasHalves);
  if (!isPlain(value)) return false;
  for (const key of Object.keys(value)) if (isTorn(key) || hasHalves(value[key])) return true;
  return false;
}

/** A copy of a prepared value with U+FFFD for every half of a surrogate pair in its texts and names. */
export function mend(value: unknown): unknown {
  if (typeof value === "string") return mendText(value);
  if (Array.isArray(value)) return value.map(mend);
  if (!isPlain(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [mendText(key), mend(field)]),
  );
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && value.constructor === Object;
}

function isTorn(text: string): boolean {
  return !(text as string & { isWellFormed(): boolean }).isWellFormed();
}

function mendText(text: string): string {
  return Buffer.from(text, "utf8").toString("utf8");
}
