import { processStartTime } from "@elpis/core/internal";
import type { ProcessDefinition } from "../config/types.ts";
import type { Pool } from "../family/pool.ts";
import type { Slot } from "../family/slot.ts";
import type { Unit } from "../family/unit.ts";
import type { VersionBook } from "../operations/versions.ts";
import {
  type SavedProcess,
  type SavedSlot,
  type SavedState,
  type SavedUnit,
  STATE_FORMAT,
} from "./state.ts";

/** What a state is made from. */
export interface SnapshotSource {
  readonly app: string;
  readonly master: SavedProcess;
  readonly survive: boolean;
  /** In milliseconds since 1970. */
  readonly startedAt: number;
  readonly book: VersionBook;
  readonly pools: readonly Pool[];
}

/** The application as it is now, for whoever comes after this master. */
export function snapshot({
  app,
  master,
  survive,
  startedAt,
  book,
  pools,
}: SnapshotSource): SavedState {
  const found = pools.flatMap((pool) => pool.slots);
  return {
    format: STATE_FORMAT,
    app,
    master,
    survive,
    startedAt,
    ...book.save(),
    slots: found.map(savedSlot),
    units: found.flatMap(savedUnits),
  };
}

function savedSlot(slot: Slot): SavedSlot {
  const { definition, record, lastExit } = slot.current;
  const { attempt, failures, healing, state } = record;
  return {
    name: definition.name,
    index: slot.index,
    state,
    epoch: slot.nextEpoch - 1,
    causes: slot.status().causes,
    ...(lastExit !== undefined && { lastExit }),
    attempt,
    failures: failures.map((at) => Math.round(performance.timeOrigin + at)),
    healing,
    ports: slot.ports,
  };
}

function savedUnits(slot: Slot): SavedUnit[] {
  const placeOf = (unit: Unit): SavedUnit["place"] => {
    if (unit === slot.current) return "current";
    return unit === slot.successor ? "successor" : "leaving";
  };
  return slot.units.flatMap((unit) => unit.saved(placeOf(unit)) ?? []);
}

/** One start of an instance. */
export interface UnitStart {
  readonly index: number;
  readonly epoch: number;
  readonly pid: number;
  /** In milliseconds since 1970. */
  readonly spawnedAt: number;
  readonly token: string;
}

/** A process that was just started, for whoever comes after this master. */
export function savedUnit(
  { name, stopTimeoutMs }: ProcessDefinition,
  version: number,
  { token, ...start }: UnitStart,
): SavedUnit {
  const startTime = processStartTime(start.pid);
  return {
    name,
    ...start,
    ...(startTime !== undefined && { startTime }),
    place: "current",
    state: "starting",
    version,
    stopTimeoutMs,
    token,
  };
}
