import type { ProcessDefinition } from "../config/types.ts";
import { processNotReady, processStopped } from "../errors.ts";
import type { Replacement } from "../operations/types.ts";
import type { InstanceState, ProcessStatus } from "../status.ts";
import { describeCause, type ExitCause } from "../supervise/exit.ts";
import { charge, NEW_INSTANCE, successorOf } from "../supervise/machine.ts";
import type { InstanceEvent } from "../supervise/types.ts";
import type { SavedSlot } from "../survive/state.ts";
import type { WatchVerdict } from "../watch/process-watch.ts";
import type { Family, Release } from "./family.ts";
import { Unit, type UnitOptions, type UnitOwner } from "./unit.ts";

/** How long after a replacement has failed it may be tried again. */
const REARM_MS = 30_000;

/** Whom a slot tells that its status is another one. */
export type SlotListener = (slot: Slot, previous: InstanceState) => void;

/** What a slot needs of the process that it is an instance of. */
export interface SlotHost {
  readonly family: Family;
  readonly onChange: SlotListener;
  /** Does it when no other instance is being replaced. */
  inTurn(work: () => Promise<void>): Promise<void>;
}

/** What an instance was under an earlier master. */
export interface SlotHeritage {
  readonly saved: Pick<SavedSlot, "epoch" | "causes">;
  /** Its process, when that is taken over. */
  readonly unit: UnitOptions | undefined;
}

/** What is to take the place of a process. */
export interface Heir {
  readonly definition: ProcessDefinition;
  readonly release: Release;
  /** What has led to it. */
  readonly cause: ExitCause;
}

/** A replacement that has happened. */
export interface Replaced {
  readonly replacement: Replacement;
  /** What was replaced, to go back to. */
  readonly before: Pick<Heir, "definition" | "release">;
  /** Resolves when the old process is gone. */
  readonly gone: Promise<void>;
}

/**
 * One instance of a process: the unit that is in its place, one that is to take the place, and those that have left it
 * and finish what they have.
 */
export class Slot implements UnitOwner {
  readonly index: number;
  readonly #family: Family;
  readonly #host: SlotHost;
  readonly #leaving = new Set<Unit>();
  readonly #causes: Partial<Record<ExitCause, number>> = {};
  readonly #reasons = new WeakMap<Unit, ExitCause>();
  #current: Unit;
  #successor: Unit | undefined;
  /** Resolves when nobody is to take the place any more. */
  #vacant: Promise<void> = Promise.resolve();
  #vacate: () => void = () => {};
  #epoch = 0;

  constructor(options: UnitOptions, index: number, host: SlotHost, heritage?: SlotHeritage) {
    this.index = index;
    this.#family = host.family;
    this.#host = host;
    this.#epoch = heritage?.saved.epoch ?? 0;
    Object.assign(this.#causes, heritage?.saved.causes);
    this.#current = new Unit(heritage?.unit ?? options, this, host.family);
  }

  get nextEpoch(): number {
    return this.#epoch + 1;
  }

  get current(): Unit {
    return this.#current;
  }

  get state(): InstanceState {
    return this.#current.state;
  }

  get title(): string {
    return this.#current.title;
  }

  get successor(): Unit | undefined {
    return this.#successor;
  }

  get isReplacing(): boolean {
    return this.#successor !== undefined;
  }

  /** Everything that runs here. */
  get units(): readonly Unit[] {
    const successor = this.#successor === undefined ? [] : [this.#successor];
    return [this.#current, ...successor, ...this.#leaving];
  }

  onSpawn(unit: Unit, epoch: number, cause: ExitCause | undefined): void {
    const reason = this.#reasons.get(unit) ?? cause;
    this.#reasons.delete(unit);
    if (this.#epoch > 0 && reason !== undefined) {
      this.#causes[reason] = (this.#causes[reason] ?? 0) + 1;
    }
    this.#epoch = epoch;
  }

  onChange(unit: Unit, previous: InstanceState): void {
    if (unit === this.#current) this.#host.onChange(this, previous);
    else this.#host.onChange(this, this.#current.state);
  }

  onVerdict(unit: Unit, verdict: WatchVerdict): void {
    if (verdict.type === "replace") this.#recycle(unit, verdict.cause);
    else if (verdict.type === "probe-failed") this.#recycle(unit, "probe");
  }

  feedAll(event: InstanceEvent): void {
    for (const unit of this.units) unit.feed(event);
  }

  /** Starts it, and fails when it ends, or is stopped, before it is ready. @throws ELPIS_PROCESS_NOT_READY, ELPIS_PROCESS_STOPPED */
  async start(): Promise<void> {
    this.#refuseWhenStopping();
    this.#current.feed({ type: "start", prove: true });
    await proven(this.#current);
  }

  /** Should it wait to be started again, it goes on waiting until `startAgain`. */
  hold(): void {
    this.#current.feed({ type: "hold" });
  }

  /**
   * Starts it, or lets it start that was held, and tries again when it ends; resolves when it is ready, or has failed for
   * good, or was stopped.
   */
  async startAgain(cause: ExitCause): Promise<void> {
    const unit = this.#current;
    if (unit.state === "backoff") unit.feed({ type: "release" });
    else if (unit.state !== "failed") {
      if (!unit.alive) this.#reasons.set(unit, cause);
      unit.feed({ type: "start", prove: false });
    }
    await unit.until(({ state }) => ["ready", "failed", "stopped"].includes(state));
  }

  /** Gives it what it is to be started with the next time; nothing happens while something runs, or is about to. */
  redefine({ definition, release }: Pick<UnitOptions, "definition" | "release">): void {
    const { alive, record } = this.#current;
    if (alive || record.timer !== undefined) return;
    const { state, lastExit } = record;
    const kept = { ...NEW_INSTANCE, state, ...(lastExit !== undefined && { lastExit }) };
    this.#current = new Unit({ definition, release, record: kept }, this, this.#family);
  }

  /** Stops everything here and waits until it is gone. */
  async stop(isNow: () => boolean): Promise<void> {
    this.feedAll({ type: isNow() ? "kill" : "stop" });
    await Promise.all(this.units.map((unit) => unit.until(({ state }) => state === "stopped")));
  }

  /**
   * Starts another process, and when it is ready gives it the place of the present one, which finishes what it has.
   * When the new one does not get ready nothing has changed.
   *
   * @throws ELPIS_PROCESS_NOT_READY, ELPIS_PROCESS_STOPPED
   */
  async replace(heir: Heir): Promise<Replaced> {
    await this.prepare(heir);
    return this.takeOver();
  }

  /** The first half of {@link replace}: another one runs and is ready, beside the present one. @throws as `replace` */
  async prepare(heir: Heir): Promise<void> {
    while (this.#successor !== undefined) await this.#vacant;
    this.#refuseWhenStopping();
    const { definition, release, cause } = heir;
    // What fails again and again must not begin anew each time; what somebody asked for does.
    const isFailing = ["uncaught", "memory-limit", "probe"].includes(cause);
    const record = isFailing ? { record: successorOf(this.#current.record) } : {};
    const unit = new Unit({ definition, release, ...record }, this, this.#family);
    this.#reasons.set(unit, cause);
    this.#successor = unit;
    this.#vacant = new Promise((resolve) => {
      this.#vacate = resolve;
    });
    unit.feed({ type: "start", prove: true });
    await this.#proveOrDrop(unit);
  }

  /** The second half: the new one is in the place of the old one, which leaves. */
  takeOver(): Replaced {
    const old = this.#current;
    const unit = this.#successor;
    if (unit === undefined || unit.pid === undefined) {
      void this.abandon();
      throw processStopped(`Replacing ${this.title}`);
    }
    this.#successor = undefined;
    this.#vacate();
    this.#current = unit;
    const replacement: Replacement = {
      process: unit.definition.name,
      index: this.index,
      oldPid: old.pid,
      newPid: unit.pid,
    };
    const { definition, release } = old;
    const replaced = { replacement, before: { definition, release }, gone: this.#bury(old) };
    this.#host.onChange(this, old.state);
    return replaced;
  }

  /**
   * Stops the present process, and starts another one in its place. When that one does not get ready, the old
   * definition is started again.
   *
   * @throws as `replace`
   */
  async exchange(heir: Heir, isNow: () => boolean): Promise<Replaced> {
    const { definition, release, pid: oldPid } = this.#current;
    const before = { definition, release };
    await this.stop(isNow);
    try {
      await this.#startAs(heir);
    } catch (error) {
      if (!this.#family.stopping.aborted)
        await this.#startAs({ ...before, cause: "asked" }).catch(() => {});
      throw error;
    }
    const newPid = this.#current.pid ?? 0;
    const replacement = { process: definition.name, index: this.index, oldPid, newPid };
    return { replacement, before, gone: Promise.resolve() };
  }

  async #startAs({ definition, release, cause }: Heir): Promise<void> {
    this.#refuseWhenStopping();
    this.redefine({ definition, release });
    this.#reasons.set(this.#current, cause);
    await this.start();
  }

  /**
   * A process has said that there was an error that nobody caught: it is replaced, and leaves when its heir is ready. Often
   * in a row it is renewed as after any other failure.
   *
   * @returns whether that will be so
   */
  trouble(unit: Unit): boolean {
    if (!this.#isAtWork(unit) || unit.isTroubled) return false;
    unit.markTroubled();
    this.#replaceAtItsCost(unit, "uncaught");
    return true;
  }

  /** The watch over a process wants it replaced. What is its own fault counts against its budget. */
  #recycle(unit: Unit, cause: ExitCause): void {
    if (!this.#isAtWork(unit) || this.isReplacing) return;
    if (cause === "memory-limit" || cause === "probe") this.#replaceAtItsCost(unit, cause);
    // It still works well: that it is its turn can be waited for.
    else void this.#host.inTurn(() => this.#succeed(unit, cause));
  }

  #isAtWork(unit: Unit): boolean {
    return unit === this.#current && unit.state === "ready";
  }

  #replaceAtItsCost(unit: Unit, cause: ExitCause): void {
    const { record, delayMs } = charge(unit.record, unit.circumstances);
    unit.charge(record);
    if (delayMs === undefined) unit.feed({ type: "renew", cause, planned: false });
    else setTimeout(() => void this.#succeed(unit, cause), delayMs).unref();
  }

  async #succeed(unit: Unit, cause: ExitCause): Promise<void> {
    const { log, stopping } = this.#family;
    // Somebody replaces it already, or tries that out: then this may be needless.
    while (this.isReplacing) await this.#vacant;
    if (!this.#isAtWork(unit) || stopping.aborted) return;
    const { definition, release } = unit;
    try {
      log.info(`${this.title} is replaced: ${describeCause(cause)}`);
      const heir = { definition, release, cause };
      if (definition.reload.overlap) await this.replace(heir);
      else unit.feed({ type: "renew", cause, planned: true });
    } catch (error) {
      log.warn(`${this.title} could not be replaced`, { error: String(error) });
      // Then at least somebody who works takes the place of one that does not, as soon as that is possible.
      const isUseless = cause === "uncaught" || cause === "probe";
      if (isUseless && this.#isAtWork(unit)) unit.feed({ type: "renew", cause, planned: false });
      else setTimeout(() => unit.rearm(), REARM_MS).unref();
    }
  }

  /** What it listens on. */
  get ports(): readonly { readonly address: string; readonly port: number }[] {
    return this.#family.ports.ports(this.#current.definition.name);
  }

  /** Gives up what was to take the place. */
  async abandon(): Promise<void> {
    const unit = this.#successor;
    if (unit === undefined) return;
    this.#successor = undefined;
    this.#vacate();
    await this.#bury(unit);
  }

  status(): ProcessStatus {
    const { definition, release, state, pid, lastExit, uptimeMs } = this.#current;
    const { vitals, isSilent } = this.#current;
    const successor = this.#successor;
    const leaving = [...this.#leaving].flatMap((unit) => unit.pid ?? []);
    return {
      name: definition.name,
      role: definition.role,
      index: this.index,
      ...(pid !== undefined && { pid }),
      state,
      restarts: Math.max(0, this.#epoch - 1),
      causes: { ...this.#causes },
      epoch: this.#current.record.epoch,
      version: release.version,
      uptimeMs,
      ...(vitals !== undefined && { vitals }),
      ...(isSilent && { silent: true }),
      ...(lastExit !== undefined && { lastExit }),
      ...(successor !== undefined && {
        successor: {
          ...(successor.pid !== undefined && { pid: successor.pid }),
          state: successor.state,
        },
      }),
      ...(leaving.length > 0 && { leaving }),
    };
  }

  #refuseWhenStopping(): void {
    if (this.#family.stopping.aborted) throw processStopped(`The start of ${this.title}`);
  }

  async #proveOrDrop(unit: Unit): Promise<void> {
    try {
      await proven(unit);
    } catch (error) {
      if (this.#successor === unit) await this.abandon();
      throw error;
    }
  }

  /** It finishes what it has, and is not started again. */
  async #bury(unit: Unit): Promise<void> {
    this.#leaving.add(unit);
    unit.feed({ type: "retire" });
    unit.feed({ type: "stop" });
    await unit.until(({ state }) => state === "stopped");
    this.#leaving.delete(unit);
    this.#host.onChange(this, this.#current.state);
  }
}

async function proven(unit: Unit): Promise<void> {
  await unit.until(({ state }) => ["ready", "failed", "stopping", "stopped"].includes(state));
  if (unit.state === "ready") return;
  // One that took too long is on its way out; its last words come at the end.
  await unit.until(({ state }) => state === "failed" || state === "stopped");
  if (unit.state === "stopped") throw processStopped(`The start of ${unit.title}`);
  const { definition, title, lastWords, lastLines } = unit;
  const index = Number(title.slice(definition.name.length + 1));
  throw processNotReady(definition.name, index, lastWords, lastLines);
}
