import type { AppDefinition, ProcessDefinition } from "../config/types.ts";
import { changedKeys } from "../operations/plan.ts";
import type { SavedSlot, SavedState, SavedUnit } from "./state.ts";

/** A process that may be taken over, and the definition that it runs. */
export interface Candidate {
  readonly unit: SavedUnit;
  readonly definition: ProcessDefinition;
}

/** What becomes of what the last master has left behind. */
export interface AdoptionPlan {
  readonly adopt: readonly Candidate[];
  /** They live and have no place any more. */
  readonly end: readonly SavedUnit[];
  /** The application as it goes on: what runs keeps the definition that it runs with. */
  readonly app: AppDefinition;
  /** What is known of instances that go on, or that only were. */
  readonly slots: readonly SavedSlot[];
  /** Instances by process, where somebody had scaled it. */
  readonly scale: ReadonlyMap<string, number>;
  /** Processes of which the configuration says something else than what runs. */
  readonly changed: readonly string[];
}

/** Decides who is taken over. `isAlive`: whether that very process still runs. */
export function planAdoption(
  state: SavedState,
  wanted: AppDefinition,
  isAlive: (unit: SavedUnit) => boolean,
): AdoptionPlan {
  const living = state.units.filter(isAlive);
  const before =
    state.versions.find(({ version }) => version === state.version)?.app.processes ?? [];
  const goOn = (name: string): ProcessDefinition | undefined =>
    living.some((unit) => unit.name === name) ? before.find((one) => one.name === name) : undefined;
  const processes = wanted.processes.map((one) => goOn(one.name) ?? one);
  const scale = scalesOf(state, wanted, before);
  const adopt: Candidate[] = [];
  const end: SavedUnit[] = [];
  for (const unit of living) {
    const definition = processes.find(({ name }) => name === unit.name);
    const places = scale.get(unit.name) ?? definition?.scale ?? 0;
    const isIn = unit.place === "current" && unit.state !== "stopping";
    const fits = isIn && unit.index < places && unit.token !== undefined;
    const isTaken = adopt.some(({ unit: { name, index } }) => {
      return name === unit.name && index === unit.index;
    });
    const own = definition === undefined ? undefined : definitionOf(state, unit, definition);
    if (!wanted.survive || own === undefined || !fits || isTaken) end.push(unit);
    else adopt.push({ unit, definition: own });
  }
  const changed = wanted.processes.filter((one, at) => {
    return changedKeys(processes[at] as ProcessDefinition, one).length > 0;
  });
  return {
    adopt,
    end,
    app: { ...wanted, processes },
    slots: state.slots,
    scale,
    changed: changed.map(({ name }) => name),
  };
}

/** What a process was started with, which may be older than what is in force. */
function definitionOf(
  state: SavedState,
  unit: SavedUnit,
  current: ProcessDefinition,
): ProcessDefinition {
  const release = state.versions.find(({ version }) => version === unit.version);
  return release?.app.processes.find(({ name }) => name === unit.name) ?? current;
}

/** Somebody had scaled it by hand, and the configuration says what it said then: the hand counts. */
function scalesOf(
  state: SavedState,
  wanted: AppDefinition,
  before: readonly ProcessDefinition[],
): Map<string, number> {
  const scales = new Map<string, number>();
  for (const { name, scale } of wanted.processes) {
    const had = state.slots.filter((slot) => slot.name === name).length;
    const said = before.find((one) => one.name === name)?.scale;
    scales.set(name, said === scale && had > 0 ? had : scale);
  }
  return scales;
}
