import { setTimeout as pause } from "node:timers/promises";
import { canaryFailed } from "../errors.ts";
import type { Heir, Replaced, Slot } from "../family/slot.ts";
import type { OperationContext } from "./context.ts";
import type { CanaryOptions } from "./types.ts";
import type { ReloadWish } from "./wish.ts";

const DEFAULT_FOR_MS = 30_000;
const DEFAULT_MAX_ERRORS = 0.01;
const LOOK_MS = 100;
/** So many requests are enough to judge by before the time is up. */
const ENOUGH_REQUESTS = 200;

interface Tried {
  readonly slot: Slot;
  readonly replaced: Replaced;
}

/** What the new processes have done so far. */
export interface Record {
  readonly requests: number;
  readonly errors: number;
  /** Names of those that are not there and ready any more. */
  readonly lost: readonly string[];
  /** Errors that nobody caught. */
  readonly uncaught: number;
}

/** Why a trial has failed; undefined: it has not. `isOver`: its time is up. */
export function judge(record: Record, maxErrors: number, isOver: boolean): string | undefined {
  const { requests, errors, lost, uncaught } = record;
  if (lost.length > 0) return `${lost.join(", ")} did not last`;
  if (uncaught > 0) return `${uncaught} errors that nobody caught`;
  if (!isOver && requests < ENOUGH_REQUESTS) return undefined;
  if (requests === 0 || errors / requests <= maxErrors) return undefined;
  const share = ((100 * errors) / requests).toFixed(1);
  return `${errors} of ${requests} requests failed (${share} %, allowed ${100 * maxErrors} %)`;
}

/**
 * Starts new processes beside the old ones and watches them; nobody old leaves before they have proved well.
 *
 * @throws ELPIS_PROCESS_CANARY_FAILED, ELPIS_PROCESS_NOT_READY, ELPIS_PROCESS_STOPPED; the new ones are gone then
 */
export async function tryOut(
  wish: ReloadWish,
  options: CanaryOptions,
  context: OperationContext,
): Promise<Tried[]> {
  const slots = wish.targets.flatMap((target) => {
    const running = target.pool.slots.filter(({ state }) => state === "ready");
    const { definition, release } = target;
    const heir: Heir = { definition, release, cause: wish.cause };
    // What cannot run twice cannot be tried beside itself.
    if (!definition.reload.overlap) return [];
    return running.slice(0, options.count ?? 1).map((slot) => ({ slot, heir }));
  });
  try {
    await Promise.all(slots.map(({ slot, heir }) => slot.prepare(heir)));
    await watch(
      slots.map(({ slot }) => slot),
      options,
      context,
    );
    return slots.map(({ slot }) => ({ slot, replaced: slot.takeOver() }));
  } catch (error) {
    await Promise.all(slots.map(({ slot }) => slot.abandon()));
    throw error;
  }
}

async function watch(
  slots: readonly Slot[],
  options: CanaryOptions,
  context: OperationContext,
): Promise<void> {
  const { forMs = DEFAULT_FOR_MS, maxErrors = DEFAULT_MAX_ERRORS } = options;
  const end = performance.now() + forMs;
  // Each look may be at another process of the unit: one that died is started again.
  const epochs = new Map(slots.map((slot) => [slot, slot.successor?.record.epoch]));
  for (let isOver = false; !isOver; ) {
    if (context.stopping.aborted) return;
    isOver = performance.now() >= end;
    const record = recordOf(slots, epochs);
    const why = judge(record, maxErrors, isOver);
    if (why !== undefined) throw canaryFailed(why, { ...record });
    if (!isOver) await pause(LOOK_MS, undefined, { ref: false });
  }
}

function recordOf(slots: readonly Slot[], epochs: ReadonlyMap<Slot, number | undefined>): Record {
  let [requests, errors, uncaught] = [0, 0, 0];
  const lost: string[] = [];
  for (const slot of slots) {
    const unit = slot.successor;
    if (unit?.state !== "ready" || unit.record.epoch !== epochs.get(slot)) lost.push(slot.title);
    requests += unit?.vitals?.requests ?? 0;
    errors += unit?.vitals?.errors ?? 0;
    uncaught += unit?.vitals?.uncaught ?? 0;
  }
  return { requests, errors, uncaught, lost };
}
