/**
 * The finest scale, which all histograms begin with: 64 buckets for each doubling, each 1.1 % wide, so that a value in the
 * middle of one is within 0.55 % of all in it.
 */
export const MAX_SCALE = 6;
/** Values up to this count as zero: a millionth of a millionth, so that rests of a subtraction do not cost the scale. */
export const ZERO_THRESHOLD: number = 2 ** -40;
const PER_DOUBLING = 2 ** MAX_SCALE;

/** The bucket of a value above the threshold, at the finest scale. At scale `s` it is this, shifted right by `MAX_SCALE - s`. */
export function bucketOf(value: number): number {
  return Math.ceil(Math.log2(value) * PER_DOUBLING) - 1;
}

/** What a bucket begins after. */
export function lowerBound(index: number, scale: number): number {
  return 2 ** (index / 2 ** scale);
}

/** The value that stands for a bucket: the one with the smallest relative distance to all in it. */
export function middleOf(index: number, scale: number): number {
  const width = 2 ** (1 / 2 ** scale);
  // 2lu/(l+u) without the product, which may be too large for a number.
  return lowerBound(index, scale) * ((2 * width) / (1 + width));
}
