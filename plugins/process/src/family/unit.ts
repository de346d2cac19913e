import type { Location } from "@elpis/api";
import { Child } from "../child/child-process.ts";
import { OutputReader } from "../child/output.ts";
import { hubFdOf, spawnChild, variablesOf } from "../child/spawn.ts";
import type { ProcessDefinition } from "../config/types.ts";
import type { ExitStatus, InstanceState, Vitals } from "../status.ts";
import type { ExitCause, ExitFacts } from "../supervise/exit.ts";
import { isAlive, NEW_INSTANCE, step } from "../supervise/machine.ts";
import type {
  Circumstances,
  InstanceEffect,
  InstanceEvent,
  InstanceRecord,
} from "../supervise/types.ts";
import type { AdoptedChild } from "../survive/adopted-child.ts";
import { type Continuity, continuityOf } from "../survive/continuity.ts";
import type { SavedUnit } from "../survive/state.ts";
import type { Survivor } from "../survive/survivor.ts";
import type { Patient } from "../watch/diagnosis/open-inspector.ts";
import type { WatchVerdict } from "../watch/process-watch.ts";
import { Care } from "./care.ts";
import { drain } from "./drain.ts";
import type { Family, Release } from "./family.ts";
import { lastWords } from "./last-words.ts";

/** Whom a unit belongs to. */
export interface UnitOwner {
  readonly index: number;
  /** The number that the next start of this instance gets. */
  readonly nextEpoch: number;
  /** A process is started. `cause`: what has led to it; undefined: it is the first of its unit. */
  onSpawn(unit: Unit, epoch: number, cause: ExitCause | undefined): void;
  onChange(unit: Unit, previous: InstanceState): void;
  /** The watch over its process has found something that the process does not survive as it is. */
  onVerdict(unit: Unit, verdict: WatchVerdict): void;
}

/** What a unit is made from. */
export interface UnitOptions {
  readonly definition: ProcessDefinition;
  readonly release: Release;
  /** @default one that was never started */
  readonly record?: InstanceRecord;
  /** A process of an earlier master that is taken over; see {@link Unit.takeUp}. */
  readonly survivor?: Survivor;
}

/**
 * One line of processes of an instance, each started when the one before has ended: carries out what the state machine
 * decides, and tells it what happens. An instance has one unit, and a second one while it is being replaced.
 */
export class Unit {
  readonly definition: ProcessDefinition;
  readonly release: Release;
  readonly #owner: UnitOwner;
  readonly #family: Family;
  readonly #output: OutputReader;
  readonly #waiting = new Set<() => void>();
  readonly #events: InstanceEvent[] = [];
  /** Undefined: its processes end with their master. */
  readonly #continuity: Continuity | undefined;
  #record: InstanceRecord;
  #child: Child | AdoptedChild | undefined;
  #peerId: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #spawnedAt = 0;
  #exitedAt = 0;
  #isTroubled = false;
  #care: Care | undefined;
  #busy = false;

  constructor(options: UnitOptions, owner: UnitOwner, family: Family) {
    this.definition = options.definition;
    this.release = options.release;
    this.#record = options.record ?? NEW_INSTANCE;
    this.#owner = owner;
    this.#family = family;
    const { name } = options.definition;
    const { index } = owner;
    this.#output = new OutputReader(
      (stream, text, pid) =>
        family.onOutput({ time: Date.now(), process: name, index, pid, stream, text }),
      // What Node says of its inspector because we looked inside is not what the process says.
      (stream, text) => stream === "stderr" && this.#care?.lines.take(text) === true,
    );
    this.#continuity = continuityOf(family, options, {
      index,
      output: this.#output,
      onExit: (facts) => this.#onExit(facts),
      onPeer: (peerId) => {
        this.#peerId = peerId;
      },
    });
    if (options.survivor !== undefined) this.#adopt(options.survivor);
  }

  /** `web.0`. */
  get title(): string {
    return `${this.definition.name}.${this.#owner.index}`;
  }

  get record(): InstanceRecord {
    return this.#record;
  }

  get state(): InstanceState {
    return this.#record.state;
  }

  get pid(): number | undefined {
    return this.#record.pid;
  }

  /** Its number on the hub. */
  get peerId(): number | undefined {
    return this.#peerId;
  }

  /** Whether a process runs, or is about to. */
  get alive(): boolean {
    return isAlive(this.#record);
  }

  /** Whether its process has said that nobody caught an error. */
  get isTroubled(): boolean {
    return this.#isTroubled;
  }

  get uptimeMs(): number {
    return this.pid === undefined ? 0 : Math.round(performance.now() - this.#spawnedAt);
  }

  /** What its process said last about itself. */
  get vitals(): Vitals | undefined {
    return this.#care?.vitals;
  }

  /** Whether its heartbeats stay away. */
  get isSilent(): boolean {
    return this.#care?.isSilent === true;
  }

  /** Its process, for somebody who looks into it; undefined when there is none. */
  get patient(): Patient | undefined {
    return this.#care?.patient;
  }

  get lastLines(): readonly string[] {
    return this.#output.lastLines;
  }

  get lastExit(): ExitStatus | undefined {
    const { lastExit } = this.#record;
    if (lastExit === undefined) return undefined;
    const { code, signal, cause } = lastExit;
    return { code, signal, cause, at: this.#exitedAt };
  }

  /** Why the last process ended, for a person. */
  get lastWords(): string {
    return lastWords(this.definition, this.#record.lastExit);
  }

  /** What decisions depend on, now. */
  get circumstances(): Circumstances {
    const { restart, readyTimeoutMs, stopTimeoutMs, ready } = this.definition;
    return {
      policy: { restart, readyTimeoutMs, stopTimeoutMs, readyAtSpawn: ready === "spawn" },
      now: performance.now(),
      random: Math.random(),
      nextEpoch: this.#owner.nextEpoch,
    };
  }

  /** Its process, for the next master; undefined: there is none. */
  saved(place: SavedUnit["place"]): SavedUnit | undefined {
    return this.#continuity?.saved(place, this.state);
  }

  /** Goes on with the process that it has taken over: everybody who is told of changes is there. */
  takeUp(): void {
    const unit = this.#continuity?.adopted;
    if (unit === undefined || !this.#record.spawning) return;
    this.feed({ type: "spawned", pid: unit.pid });
    if (unit.state === "ready") this.feed({ type: "ready" });
    else
      this.#carryOut({ type: "setTimer", timer: "ready", delayMs: this.definition.readyTimeoutMs });
  }

  /** Its link to the hub has ended. */
  unlinked(): void {
    if (this.#child !== undefined && "look" in this.#child) this.#child.look();
  }

  /** Tells the state machine what happened. */
  feed(event: InstanceEvent): void {
    this.#events.push(event);
    // What an effect leads to waits until the effects before it are carried out.
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) {
        this.#take(next);
      }
    } finally {
      this.#busy = false;
    }
  }

  /** Its process has said on the hub whether it takes work. One that had been ready is not judged by that. */
  saidReadiness(isReady: boolean): void {
    if (this.state === "ready") this.#child?.setAside("unwell", !isReady);
    // With a probe it is the probe that says so.
    else if (isReady && this.definition.ready !== "probe") this.feed({ type: "ready" });
  }

  /** Its process has said how it is. */
  beat(vitals: Vitals): void {
    this.#care?.beat(vitals);
  }

  /** It was to be replaced, and that has failed: it may be asked for again. */
  rearm(): void {
    this.#care?.rearm();
  }

  /** Its process goes on, but there was an error that nobody caught. */
  markTroubled(): void {
    this.#isTroubled = true;
  }

  /** What a failure that did not end its process costs is settled. */
  charge(charged: InstanceRecord): void {
    this.#record = charged;
  }

  /** Resolves as soon as `test` holds. */
  until(test: (unit: this) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!test(this)) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }

  /** Sends a signal to its process alone; false when there is none. */
  signal(signal: NodeJS.Signals): boolean {
    return this.#child?.signal(signal) ?? false;
  }

  #take(event: InstanceEvent): void {
    const outcome = step(this.#record, event, this.circumstances);
    this.#record = outcome.record;
    for (const effect of outcome.effects) this.#carryOut(effect);
    for (const check of [...this.#waiting]) check();
  }

  #carryOut(effect: InstanceEffect): void {
    switch (effect.type) {
      case "spawn":
        this.#spawn(effect.epoch);
        break;
      case "drain":
        void drain(this.#child, this.definition, this.#peerId, this.#family);
        break;
      case "signal":
        this.#child?.signalGroup(effect.signal);
        break;
      case "setTimer":
        clearTimeout(this.#timer);
        this.#timer = setTimeout(
          () => this.feed({ type: "timeout", timer: effect.timer }),
          effect.delayMs,
        );
        break;
      case "clearTimer":
        clearTimeout(this.#timer);
        break;
      case "report":
        if (effect.to === "ready") this.#care?.ready();
        else if (effect.to === "stopping") this.#care?.leaving();
        this.#owner.onChange(this, effect.from);
        break;
    }
  }

  #spawn(epoch: number): void {
    this.#isTroubled = false;
    this.#owner.onSpawn(this, epoch, this.#record.lastExit?.cause);
    const { ports, log, keeper } = this.#family;
    const owner = {
      name: this.definition.name,
      index: this.#owner.index,
      balance: this.definition.balance,
      ports,
      output: this.#output,
      log,
      onExit: (facts: ExitFacts) => this.#onExit(facts),
    };
    const { app } = this.release;
    try {
      const outfit = this.#continuity?.equip(epoch);
      const { index, name: process } = owner;
      // Who outlives its master writes to files of its own.
      const kept = outfit ? undefined : this.#output.keptBy(keeper, { process, index, epoch });
      const child = spawnChild({ app, process: this.definition, index, outfit, kept });
      this.#child = new Child(child, { ...owner, streams: outfit?.streams, kept });
    } catch (error) {
      this.#onExit({ code: null, signal: null, spawnError: String(error) });
      return;
    }
    const { pid } = this.#child;
    if (pid !== undefined) this.#joined(this.#child, pid, epoch);
  }

  #joined(child: Child, pid: number, epoch: number): void {
    const { app, guardian, hub } = this.#family;
    const { name, role } = this.definition;
    this.#spawnedAt = performance.now();
    guardian.watch(pid);
    const { index } = this.#owner;
    const location: Omit<Location, "id"> = { app, role, name, index, pid, epoch };
    this.#peerId = hub.adopt(child.hubSocket(hubFdOf(this.definition)), location);
    this.#continuity?.started(pid, location);
    this.#care = this.#takeCare(pid);
    this.feed({ type: "spawned", pid });
  }

  #adopt(survivor: Survivor): void {
    const { unit } = survivor.candidate;
    this.#child = this.#continuity?.adopt(survivor);
    this.#spawnedAt = unit.spawnedAt - performance.timeOrigin;
    this.#peerId = survivor.peerId;
    this.#care = this.#takeCare(unit.pid, unit.state === "ready");
  }

  #takeCare(pid: number, isReady = false): Care {
    const { definition, title } = this;
    const { index } = this.#owner;
    const { app } = this.release;
    const peerId = (): number | undefined => this.#peerId;
    const subject = {
      definition,
      title,
      index,
      pid,
      isReady,
      get peerId() {
        return peerId();
      },
      env: variablesOf({ app, process: definition, index }),
      lastLines: () => this.lastLines,
      onReady: () => this.feed({ type: "ready" }),
      onSilence: (isSilent: boolean) => {
        this.#child?.setAside("silent", isSilent);
        this.#owner.onChange(this, this.state);
      },
      onVerdict: (verdict: WatchVerdict) => {
        if (verdict.type === "hung") this.feed({ type: "condemn", cause: "hung" });
        else this.#owner.onVerdict(this, verdict);
      },
    };
    return new Care(subject, this.#family);
  }

  #onExit(facts: ExitFacts): void {
    const pid = this.#child?.pid;
    if (pid !== undefined) this.#family.guardian.forget(pid);
    this.#care?.end();
    this.#care = undefined;
    this.#continuity?.ended(pid !== undefined);
    this.#child = undefined;
    this.#peerId = undefined;
    this.#exitedAt = Date.now();
    this.feed({ type: "exited", facts: { ...facts, uncaught: this.#isTroubled } });
  }
}
