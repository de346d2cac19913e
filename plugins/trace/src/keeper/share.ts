/** Half a trace id is chosen at random, at least: seven bytes at its end, by the rules of W3C. */
const TAIL_DIGITS = 14;
const TWO_TO_32 = 0x1_0000_0000;

/**
 * Whether a trace is in a share of all, from 0 to 1: the same answer for the same id everywhere, and whatever is in a share is
 * in each larger one.
 */
export function isInShare(traceId: string, share: number): boolean {
  if (share >= 1) return true;
  return share > 0 && place(traceId) / TWO_TO_32 < share;
}

/**
 * Where a trace stands among all, from 0 up to 2^32. The digits are mixed first: by the same ones somebody may have chosen the
 * traces that are recorded at all, and a share of those is meant.
 */
function place(traceId: string): number {
  const tail = traceId.slice(-TAIL_DIGITS);
  const high = Number.parseInt(tail.slice(0, 7), 16);
  const low = Number.parseInt(tail.slice(7), 16);
  return mix(mix(high) ^ low);
}

/** The end of MurmurHash3: each bit of a number decides on all of them. */
function mix(value: number): number {
  let mixed = value ^ (value >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
