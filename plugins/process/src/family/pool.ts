import type { ProcessDefinition } from "../config/types.ts";
import type { ExitCause, InstanceState, ProcessStatus } from "../status.ts";
import type { InstanceEvent } from "../supervise/types.ts";
import type { Family, Release } from "./family.ts";
import { Slot, type SlotHeritage, type SlotHost, type SlotListener } from "./slot.ts";
import type { Unit } from "./unit.ts";

/** What a process was under an earlier master. */
export interface PoolHeritage {
  readonly scale: number;
  slot(index: number): SlotHeritage | undefined;
}

/** All instances of one process. */
export class Pool implements SlotHost {
  readonly family: Family;
  readonly onChange: SlotListener;
  readonly #slots: Slot[] = [];
  #definition: ProcessDefinition;
  #release: Release;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    definition: ProcessDefinition,
    release: Release,
    family: Family,
    onChange: SlotListener,
    heritage?: PoolHeritage,
  ) {
    this.#definition = definition;
    this.#release = release;
    this.family = family;
    this.onChange = onChange;
    const scale = heritage?.scale ?? definition.scale;
    for (let index = 0; index < scale; index += 1) this.#add(index, heritage?.slot(index));
  }

  get name(): string {
    return this.#definition.name;
  }

  /** What its next processes are started with. */
  get definition(): ProcessDefinition {
    return this.#definition;
  }

  get release(): Release {
    return this.#release;
  }

  get slots(): readonly Slot[] {
    return this.#slots;
  }

  get units(): readonly Unit[] {
    return this.#slots.flatMap((slot) => slot.units);
  }

  get states(): InstanceState[] {
    return this.#slots.map((slot) => slot.state);
  }

  /** Whether it serves, or is going to. */
  get isServed(): boolean {
    return this.units.some(({ state }) => state !== "failed" && state !== "stopped");
  }

  get isReady(): boolean {
    return this.states.every((state) => state === "ready");
  }

  status(): ProcessStatus[] {
    return this.#slots.map((slot) => slot.status());
  }

  /** What is started from now on is another definition. */
  adopt(definition: ProcessDefinition, release: Release): void {
    this.#definition = definition;
    this.#release = release;
    for (const slot of this.#slots) slot.redefine({ definition, release });
  }

  feedAll(event: InstanceEvent): void {
    for (const slot of this.#slots) slot.feedAll(event);
  }

  /**
   * Starts all instances that do not run, together, and waits until each is ready.
   *
   * @throws ELPIS_PROCESS_NOT_READY as soon as one failed, ELPIS_PROCESS_STOPPED when one was stopped meanwhile
   */
  async start(slots: readonly Slot[] = this.#slots): Promise<void> {
    const idle = slots.filter((slot) => slot.state !== "ready");
    await Promise.all(idle.map((slot) => slot.start()));
  }

  /** As {@link start}, where one that does not get ready is no failure of whoever asked, but is tried again as ever. */
  async startAgain(cause: ExitCause): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.startAgain(cause)));
  }

  /** Beside those that run already, starts the others; one that does not get ready is tried again as ever. */
  async resume(): Promise<void> {
    const idle = this.#slots.filter(({ current }) => !current.alive);
    await Promise.all(idle.map((slot) => slot.startAgain("exit")));
    const settled = this.#slots.map(({ current }) =>
      current.until(({ state }) => ["ready", "failed", "stopped", "backoff"].includes(state)),
    );
    await Promise.all(settled);
  }

  /** Those that are to be started again after a pause are not, until `startAgain`. */
  hold(): void {
    for (const slot of this.#slots) slot.hold();
  }

  /** Stops all but those that wait to be started again, or have failed. */
  async stopUnheld(isNow: () => boolean): Promise<void> {
    await this.stop(
      isNow,
      this.#slots.filter(({ state }) => state !== "backoff" && state !== "failed"),
    );
  }

  /** Stops instances together and waits until they are gone. */
  async stop(isNow: () => boolean, slots: readonly Slot[] = this.#slots): Promise<void> {
    await Promise.all(slots.map((slot) => slot.stop(isNow)));
  }

  /** Adds instances behind the last one, and waits until they are ready. @throws as `start`; they are taken away then */
  async grow(count: number, isNow: () => boolean): Promise<void> {
    const from = this.#slots.length;
    for (let index = from; index < from + count; index += 1) this.#add(index);
    try {
      await this.start(this.#slots.slice(from));
    } catch (error) {
      await this.shrink(count, isNow);
      throw error;
    }
  }

  /** Stops the last instances and takes them away. */
  async shrink(count: number, isNow: () => boolean): Promise<void> {
    const gone = this.#slots.slice(Math.max(0, this.#slots.length - count));
    await this.stop(isNow, gone);
    this.#slots.splice(this.#slots.length - gone.length, gone.length);
  }

  /** @throws as `grow` */
  async scaleTo(count: number, isNow: () => boolean): Promise<void> {
    const more = count - this.#slots.length;
    if (more > 0) await this.grow(more, isNow);
    else if (more < 0) await this.shrink(-more, isNow);
  }

  /** Replacements wait for one another, so that there is never more than one, or one batch, too many. */
  inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  #add(index: number, heritage?: SlotHeritage): void {
    const options = { definition: this.#definition, release: this.#release };
    this.#slots.push(new Slot(options, index, this, heritage));
  }
}
