import type { GroupDefinition, ProcessDefinition } from "../config/types.ts";
import type { InstanceState } from "../status.ts";
import type { InstanceEvent } from "../supervise/types.ts";
import type { Family, Release } from "./family.ts";
import { FateKeeper } from "./fate.ts";
import { Pool, type PoolHeritage } from "./pool.ts";
import type { Slot, SlotListener } from "./slot.ts";
import type { Unit } from "./unit.ts";

/** What a crew is made from. */
export interface CrewOptions {
  readonly family: Family;
  readonly groups: readonly GroupDefinition[];
  /** The status of an instance has changed. */
  readonly onChange: SlotListener;
}

/** All processes of an application, in start order. */
export class Crew {
  readonly #family: Family;
  readonly #keepers: readonly FateKeeper[];
  readonly #onChange: SlotListener;
  #pools: readonly Pool[] = [];

  constructor(options: CrewOptions) {
    const { family, groups, onChange } = options;
    const { log, stopping } = family;
    this.#family = family;
    this.#onChange = onChange;
    const host = { log, stopping, pool: (name: string) => this.pool(name) };
    this.#keepers = groups
      .filter(({ strategy }) => strategy !== "one-for-one")
      .map((group) => new FateKeeper(group, host));
  }

  get pools(): readonly Pool[] {
    return this.#pools;
  }

  pool(name: string): Pool | undefined {
    return this.#pools.find((pool) => pool.name === name);
  }

  /** The unit that is that peer of the hub. */
  unitOf(peerId: number): Unit | undefined {
    for (const pool of this.#pools) {
      const unit = pool.units.find((one) => one.peerId === peerId);
      if (unit !== undefined) return unit;
    }
    return undefined;
  }

  /** The slot that a unit belongs to, as long as it does. */
  slotOf(unit: Unit): Slot | undefined {
    const slots = this.pool(unit.definition.name)?.slots;
    return slots?.find((slot) => slot.units.includes(unit));
  }

  /** Adds a process at its place in the start order of `release`; nothing of it is started. */
  add(definition: ProcessDefinition, release: Release, heritage?: PoolHeritage): Pool {
    const pool = new Pool(definition, release, this.#family, this.#listen, heritage);
    const order = release.app.processes.map(({ name }) => name);
    const others = [...this.#pools, pool];
    this.#pools = others.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
    return pool;
  }

  /** Takes a process away whose instances are all gone. */
  remove(pool: Pool): void {
    this.#pools = this.#pools.filter((one) => one !== pool);
    this.dropPorts(pool);
  }

  /** New connections to what it listened on are refused from now on, rather than kept waiting for nobody. */
  dropPorts(pool: Pool): void {
    this.#family.ports.drop(pool.name);
  }

  feedAll(event: InstanceEvent): void {
    for (const pool of this.#pools) pool.feedAll(event);
  }

  readonly #listen: SlotListener = (slot, previous) => {
    const { name } = slot.current.definition;
    const pool = this.pool(name);
    if (pool !== undefined) this.#keepPorts(pool, slot.state, previous);
    this.#onChange(slot, previous);
    for (const keeper of this.#keepers) keeper.notice(slot, previous);
  };

  #keepPorts(pool: Pool, state: InstanceState, previous: InstanceState): void {
    const { ports } = this.#family;
    if (isFinal(state, previous) && !pool.isServed) ports.drop(pool.name);
    const areReady = (): boolean => pool.isReady;
    if (areReady()) ports.pruneLater(pool.name, areReady);
  }
}

/** Whether an instance has ended for good by itself. Of one that was asked to, a restart may need the ports again. */
function isFinal(state: InstanceState, previous: InstanceState): boolean {
  return state === "failed" || (state === "stopped" && ["starting", "ready"].includes(previous));
}
