import { badArgument } from "./errors.ts";

/** Random choices that are the same in every run with the same seed. */
export interface Seeded {
  /** What the choices follow from; name it when a run fails. */
  readonly seed: number;
  /** A number from 0 up to, not including, 1. */
  next(): number;
  /** A whole number from 0 up to, not including, `n`. @throws ELPIS_TESTING_BAD_ARGUMENT when `n` is not from 1 to 2³² */
  int(n: number): number;
  /** One element. @throws ELPIS_TESTING_BAD_ARGUMENT when there is none */
  pick<Item>(list: readonly Item[]): Item;
}

const TWO_TO_32 = 0x1_0000_0000;

/**
 * Makes a small random generator (mulberry32) for property runs. Not for secrets.
 *
 * @param seed a whole number; only its lower 32 bits count
 * @example for (let seed = 1; seed <= 1000; seed++) runOnce(seeded(seed));
 */
export function seeded(seed: number): Seeded {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / TWO_TO_32;
  };
  const int = (n: number): number => {
    if (!Number.isInteger(n) || n < 1 || n > TWO_TO_32) {
      throw badArgument("int", "a whole number from 1 to 2^32", n);
    }
    return Math.floor(next() * n);
  };
  const pick = <Item>(list: readonly Item[]): Item => {
    if (list.length === 0) throw badArgument("pick", "a list with elements", "none");
    return list[int(list.length)] as Item;
  };
  return { seed, next, int, pick };
}
