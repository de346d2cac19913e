import { processUnknown } from "../errors.ts";
import type { Pool } from "../family/pool.ts";
import type { Slot } from "../family/slot.ts";

/** Instances of one process that somebody means. */
export interface Meaning {
  readonly pool: Pool;
  readonly slots: readonly Slot[];
  /** Whether these are all there are. */
  readonly isWhole: boolean;
}

/**
 * What names mean, in start order: `web` all instances of a process, `web.1` one; none or undefined: everything.
 *
 * @throws ELPIS_PROCESS_UNKNOWN
 */
export function meaning(pools: readonly Pool[], names: readonly string[] | undefined): Meaning[] {
  if (names === undefined || names.length === 0) return pools.map((pool) => whole(pool));
  const chosen = new Map<Pool, Set<Slot>>();
  for (const name of names) {
    const { pool, slots } = find(pools, name);
    const known = chosen.get(pool) ?? new Set();
    for (const slot of slots) known.add(slot);
    chosen.set(pool, known);
  }
  return pools.flatMap((pool) => {
    const slots = chosen.get(pool);
    if (slots === undefined) return [];
    const isWhole = slots.size === pool.slots.length;
    return [{ pool, slots: pool.slots.filter((slot) => slots.has(slot)), isWhole }];
  });
}

/** One instance: `web.1`; `web` means its first. @throws ELPIS_PROCESS_UNKNOWN */
export function oneSlot(pools: readonly Pool[], name: string): Slot {
  const [slot] = find(pools, name).slots;
  if (slot === undefined) throw processUnknown(name, knownNames(pools));
  return slot;
}

function find(pools: readonly Pool[], name: string): Meaning {
  const pool = pools.find((one) => one.name === name);
  if (pool !== undefined) return whole(pool);
  const [, base, digits] = /^(.+)\.(\d{1,4})$/.exec(name) ?? [];
  const other = pools.find((one) => one.name === base);
  const slot = other?.slots.find(({ index }) => index === Number(digits));
  if (other === undefined || slot === undefined) throw processUnknown(name, knownNames(pools));
  return { pool: other, slots: [slot], isWhole: other.slots.length === 1 };
}

function whole(pool: Pool): Meaning {
  return { pool, slots: pool.slots, isWhole: true };
}

function knownNames(pools: readonly Pool[]): string[] {
  return pools.map((pool) => pool.name);
}
