import type { Location } from "@elpis/api";
import type { OutputReader } from "../child/output.ts";
import type { ProcessDefinition } from "../config/types.ts";
import type { Family, Release } from "../family/family.ts";
import type { InstanceState } from "../status.ts";
import type { ExitFacts } from "../supervise/exit.ts";
import { AdoptedChild } from "./adopted-child.ts";
import { discard } from "./output-files.ts";
import { savedUnit } from "./snapshot.ts";
import type { SavedUnit } from "./state.ts";
import { type Outfit, type Survival, survivorId } from "./survival.ts";
import type { Survivor } from "./survivor.ts";

/** What a line of processes is told, and gives. */
export interface ContinuityOwner {
  readonly index: number;
  readonly output: OutputReader;
  readonly onExit: (facts: ExitFacts) => void;
  /** Its process has another number on the hub. */
  readonly onPeer: (peerId: number) => void;
}

interface ContinuityParts extends ContinuityOwner, Pick<Family, "ports" | "touch"> {
  readonly definition: ProcessDefinition;
  /** Number of the release that they are started with. */
  readonly version: number;
  readonly survival: Survival;
}

/** Undefined: the processes of the family end with their master. */
export function continuityOf(
  { survival, ports, touch }: Family,
  { definition, release }: { readonly definition: ProcessDefinition; readonly release: Release },
  owner: ContinuityOwner,
): Continuity | undefined {
  if (survival === undefined) return undefined;
  const { version } = release;
  return new Continuity({ ...owner, ports, touch, survival, definition, version });
}

/** What it takes, in one line of processes, that they go on without their master, and come to the next one. */
export class Continuity {
  readonly #parts: ContinuityParts;
  #outfit: Outfit | undefined;
  #saved: SavedUnit | undefined;
  #adopted: SavedUnit | undefined;

  constructor(parts: ContinuityParts) {
    this.#parts = parts;
  }

  /** Its process, for the next master; undefined: there is none. */
  saved(place: SavedUnit["place"], state: InstanceState): SavedUnit | undefined {
    return this.#saved && { ...this.#saved, place, state };
  }

  /** The process that was taken over, as the last master knew it. */
  get adopted(): SavedUnit | undefined {
    return this.#adopted;
  }

  /** What the next process takes along. */
  equip(epoch: number): Outfit {
    const { definition, index, survival } = this.#parts;
    this.#outfit = survival.equip({ name: definition.name, index, epoch });
    return this.#outfit;
  }

  /** It runs: notes what the next master has to know of it, and how it may come back to this one. */
  started(pid: number, location: Omit<Location, "id">): void {
    const { definition, version, index, survival, touch, onPeer } = this.#parts;
    const outfit = this.#outfit;
    if (outfit === undefined) return;
    const { epoch } = location;
    const start = { index, epoch, pid, spawnedAt: Date.now(), token: outfit.token };
    this.#saved = savedUnit(definition, version, start);
    touch();
    survival.expect(outfit, location, onPeer);
  }

  /** Goes on with a process of an earlier master. */
  adopt(survivor: Survivor): AdoptedChild {
    const { survival, onPeer } = this.#parts;
    const { unit } = survivor.candidate;
    this.#saved = unit;
    this.#adopted = unit;
    survivor.onPeer = onPeer;
    return new AdoptedChild(survivor, survival.streamsOf(unit), this.#parts);
  }

  /** Its process is gone; `wasStarted`: there was one. */
  ended(wasStarted: boolean): void {
    const { survival, touch } = this.#parts;
    if (!wasStarted && this.#outfit !== undefined) discard(this.#outfit.streams);
    if (this.#saved !== undefined) survival.forget(survivorId(this.#saved));
    this.#outfit = undefined;
    this.#saved = undefined;
    touch();
  }
}
