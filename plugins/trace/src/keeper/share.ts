import type { TraceId } from "../wire/ids.ts";

const TWO_TO_32 = 0x1_0000_0000;

/**
 * Whether a trace is in a share of all, from 0 to 1: the same answer for the same id everywhere, and whatever is in a share is
 * in each larger one.
 */
export function isInShare(id: TraceId, share: number): boolean {
  if (share >= 1) return true;
  return share > 0 && place(id) / TWO_TO_32 < share;
}

/**
 * Where a trace stands among all, from 0 up to 2^32. Half an id is chosen at random, at least: seven bytes at its end, by the rules
 * of W3C. Their digits are mixed first: by the same ones somebody may have chosen the traces that are recorded at all, and a share of
 * those is meant.
 */
function place({ c, d }: TraceId): number {
  // Seven digits each.
  const high = ((c & 0xff_ffff) << 4) | (d >>> 28);
  const low = d & 0xfff_ffff;
  return mix(mix(high) ^ low);
}

/** The end of MurmurHash3: each bit of a number decides on all of them. */
function mix(value: number): number {
  let mixed = value ^ (value >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
