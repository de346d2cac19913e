import { type OutputLine, OutputReader } from "../child/output.ts";
import type { AppDefinition } from "../config/types.ts";
import type { PoolHeritage } from "../family/pool.ts";
import type { SlotHeritage } from "../family/slot.ts";
import { VersionBook } from "../operations/versions.ts";
import { NEW_INSTANCE } from "../supervise/machine.ts";
import type { InstanceRecord } from "../supervise/types.ts";
import { END_GRACE_MS, endProcess, lives } from "./ending.ts";
import { type AdoptionPlan, planAdoption } from "./plan.ts";
import type { SavedSlot, SavedState, SavedUnit } from "./state.ts";
import { findState, putAside, removeState } from "./state-file.ts";
import type { Survival } from "./survival.ts";
import type { Home, Survivor } from "./survivor.ts";

/** What it takes to go on where an earlier master has left off. */
export interface InheritParts extends Home {
  readonly definition: AppDefinition;
  readonly survival: Survival | undefined;
  readonly onOutput: (line: OutputLine) => void | Promise<void>;
}

/** What a master begins with. */
export interface Inheritance {
  readonly definition: AppDefinition;
  /** Undefined: this is a start like any other. */
  readonly book?: VersionBook;
  heritageOf(process: string): PoolHeritage | undefined;
}

/**
 * Takes over what an earlier master of the application has left behind: who can be taken over is, with all that is known of
 * it; everybody else is ended. Resolves when nobody is left whose place is not clear.
 */
export async function inherit(parts: InheritParts): Promise<Inheritance> {
  const { definition, survival } = parts;
  const state = stateOf(parts);
  const plan = state && planAdoption(state, definition, lives);
  const known = state?.units ?? [];
  const survivors = (await survival?.gather(plan?.adopt ?? [], known)) ?? [];
  const present = survivors.filter((one) => one.isCommand || one.peerId !== undefined);
  if (state === undefined || plan === undefined) return fresh(definition);
  const late = survivors.filter((one) => !present.includes(one));
  const taken = new Set(present.map(({ candidate }) => candidate.unit));
  const gone = state.units.filter((unit) => !taken.has(unit));
  await endOthers(parts, gone, [...plan.end, ...late.map(({ candidate }) => candidate.unit)]);
  if (present.length === 0) {
    // Whoever is started from now on is written down anew, or is not to outlive this master.
    removeState(parts.hub.dir);
    return fresh(definition);
  }
  report(parts, plan, present);
  const book = VersionBook.restore(state, plan.app, Date.now());
  return { definition: plan.app, book, heritageOf: (name) => heritage(name, plan, present, book) };
}

function fresh(definition: AppDefinition): Inheritance {
  return { definition, heritageOf: () => undefined };
}

function stateOf({ app, hub, log }: InheritParts): SavedState | undefined {
  const found = findState(hub.dir);
  if (found === undefined) return undefined;
  if (found !== "damaged" && found.app === app) {
    // Those who were not to outlive it are its guardian's.
    return found.survive ? found : undefined;
  }
  const file = putAside(hub.dir);
  log.warn("what the last master had written down makes no sense, and is put aside", { file });
  return undefined;
}

/**
 * Ends those that live and are not taken over, and reads what all who are gone had written. Those that had left their place
 * already finish what they have; the others are waited for, as their places are needed.
 */
async function endOthers(
  parts: InheritParts,
  gone: readonly SavedUnit[],
  ended: readonly SavedUnit[],
): Promise<void> {
  const endings: Promise<void>[] = [];
  for (const unit of gone) {
    const { name, index, pid, place, stopTimeoutMs } = unit;
    if (!ended.includes(unit)) {
      readRest(parts, unit);
      continue;
    }
    parts.log.warn(`${name}.${index} of an earlier master is ended: it has no place here`, { pid });
    const isLeaving = place === "leaving";
    const ending = endProcess(unit, isLeaving ? stopTimeoutMs : END_GRACE_MS).then(() => {
      readRest(parts, unit);
    });
    if (!isLeaving) endings.push(ending);
  }
  await Promise.all(endings);
}

/** What a process that is gone had written and nobody has read. */
function readRest({ survival, onOutput }: InheritParts, unit: SavedUnit): void {
  if (survival === undefined) return;
  const { name: process, index, pid } = unit;
  const streams = survival.streamsOf(unit);
  streams.stdout.finish();
  streams.stderr.finish();
  const reader = new OutputReader((stream, text) =>
    onOutput({ time: Date.now(), process, index, pid, stream, text }),
  );
  reader.read(streams, pid);
}

function report({ log }: InheritParts, plan: AdoptionPlan, present: readonly Survivor[]): void {
  const units = present.map(({ candidate }) => candidate.unit);
  const names = units.map(({ name, index, pid }) => `${name}.${index} (${pid})`);
  log.info(`${names.length} processes of an earlier master are taken over: ${names.join(", ")}`);
  for (const { candidate, channel, isCommand } of present) {
    if (isCommand || channel !== undefined) continue;
    const { name, index } = candidate.unit;
    log.warn(
      `${name}.${index} has not handed over what it listens on: restart it, it cannot be reloaded`,
    );
  }
  if (plan.changed.length > 0) {
    const what = plan.changed.join(", ");
    log.warn(`the configuration of ${what} has changed since; a reload brings it into force`);
  }
}

function heritage(
  name: string,
  plan: AdoptionPlan,
  present: readonly Survivor[],
  book: VersionBook,
): PoolHeritage {
  const slot = (index: number): SlotHeritage | undefined => {
    const saved = plan.slots.find((one) => one.name === name && one.index === index);
    if (saved === undefined) return undefined;
    const survivor = present.find(({ candidate: { unit } }) => {
      return unit.name === name && unit.index === index;
    });
    if (survivor === undefined) return { saved, unit: undefined };
    const { unit, definition } = survivor.candidate;
    const release = book.versions.find(({ version }) => version === unit.version) ?? book.current;
    return { saved, unit: { definition, release, record: recordOf(saved, unit), survivor } };
  };
  const scale = plan.scale.get(name) ?? 0;
  return { scale, slot };
}

/** As if it had just been started: it goes on from there, see `Unit.takeUp`. */
function recordOf(saved: SavedSlot, { epoch }: SavedUnit): InstanceRecord {
  const { attempt, failures, healing, lastExit } = saved;
  return {
    ...NEW_INSTANCE,
    state: "starting",
    spawning: true,
    epoch,
    timer: "ready",
    attempt,
    failures: failures.map((at) => at - performance.timeOrigin),
    healing,
    ...(lastExit !== undefined && { lastExit }),
  };
}
