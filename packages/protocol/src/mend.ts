/** The byte that every encoded half of a surrogate pair begins with, and the least byte behind it. */
const LEAD = 0xed;
const LEAST_NEXT = 0xa0;

/**
 * Whether there may be halves of surrogate pairs in `bytes` from `start` on, which msgpackr writes as they are, and which
 * are not UTF-8. Numbers and binary may look alike.
 */
export function mayHaveHalves(bytes: Buffer, start: number): boolean {
  let at = bytes.indexOf(LEAD, start);
  while (at !== -1) {
    if ((bytes[at + 1] ?? 0) >= LEAST_NEXT) return true;
    at = bytes.indexOf(LEAD, at + 1);
  }
  return false;
}

/** A prepared value with U+FFFD for every half of a surrogate pair in its texts and names; itself if there is none. */
export function mend(value: unknown): unknown {
  if (typeof value === "string") return mendText(value);
  if (Array.isArray(value)) {
    const copy = value.map(mend);
    return copy.some((element, index) => element !== value[index]) ? copy : value;
  }
  if (value === null || typeof value !== "object" || value.constructor !== Object) return value;
  const copy: Record<string, unknown> = {};
  let changed = false;
  for (const [key, field] of Object.entries(value)) {
    const name = mendText(key);
    const stand = mend(field);
    copy[name] = stand;
    changed ||= name !== key || stand !== field;
  }
  return changed ? copy : value;
}

function mendText(text: string): string {
  return Buffer.from(text, "utf8").toString("utf8");
}
