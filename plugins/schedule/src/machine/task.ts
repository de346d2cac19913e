import type { RunRecord, TaskOptions } from "../contract.ts";
import type { Definition } from "../definition/definition.ts";
import { Definers } from "./definers.ts";
import type { Effect } from "./effect.ts";
import { History } from "./history.ts";
import { restoreWorks } from "./restore.ts";
import type { Runners } from "./runners.ts";
import { FORMAT, type Pause, type SavedTask } from "./saved-task.ts";
import { Store } from "./store.ts";
import { type Calendar, createTimetable, type Moment, type Timetable } from "./timetable.ts";
import { holderOf, type Identity, saveWork, titleOf, type Wanted } from "./work.ts";
import { type Tick, Works, type WorksHost } from "./works.ts";

/** How long somebody who had a task may be without it before that counts, in milliseconds. */
export const FORGET_MS = 60_000;

/** As long as a timer can be set. */
const LONGEST_MS = 2 ** 31 - 1;
/** How long the process of an earlier master is waited for, which that one had started for a run. */
const ORPHAN_MS = 60_000;

/** What all tasks share. */
export interface TaskWorld {
  readonly runners: Runners;
  readonly leaseMs: number;
  readonly historyPerTask: number;
  calendarOf(pattern: string, timeZone: string | undefined): Calendar;
  token(): number | undefined;
  random(): number;
  /** How many runs a peer has, of all tasks. */
  busy(peerId: number): number;
  emit(effect: Effect): void;
  /** What is written down of a task has changed. */
  touch(task: string): void;
}

/** A task that is put up, or back. */
export interface TaskSetup {
  readonly name: string;
  readonly source: "config" | "code";
  readonly options: TaskOptions;
  readonly definition: Definition;
  /** From before a restart. */
  readonly saved?: SavedTask | undefined;
}

/** One task: its timetable, its runs, and what is remembered. */
export class Task implements WorksHost {
  readonly task: string;
  readonly works: Works;
  readonly history: History;
  readonly store: Store;
  readonly definers: Definers = new Definers();
  source: "config" | "code";
  pause: Pause | undefined;
  /** Since when nobody defines it any more, though processes that did are there. */
  orphanSinceMs: number | undefined;
  readonly #world: TaskWorld;
  #options: TaskOptions;
  #definition: Definition;
  #timetable: Timetable;
  #definedBy: readonly string[];
  #names: ReadonlySet<string>;
  /** The latest time that has named a run. */
  #newestMs: number;
  /** Of names whose processes are away, on the clock that nobody sets. */
  readonly #absentSince = new Map<string, number>();

  constructor(setup: TaskSetup, world: TaskWorld, now: Moment) {
    const { name, source, options, definition, saved } = setup;
    this.task = name;
    this.source = source;
    this.#world = world;
    this.#options = options;
    this.#definition = definition;
    this.#definedBy = saved?.definedBy ?? [];
    this.#names = new Set(saved?.names);
    this.#newestMs = saved?.newestMs ?? 0;
    this.pause = saved?.pause;
    this.history = new History(world.historyPerTask, saved?.history);
    this.store = new Store(saved?.store);
    this.works = new Works(this);
    this.#timetable = this.#makeTimetable(now, saved);
    if (saved !== undefined) this.#restore(saved, now);
    this.touch();
  }

  get definition(): Definition {
    return this.#definition;
  }

  /** A process that somebody here has started is known to be there, or not, also when it is blocked for hours. */
  get leaseMs(): number {
    return this.#definition.fork === undefined ? this.#world.leaseMs : LONGEST_MS;
  }

  /** Names of the processes that define it, or did last. */
  get definedBy(): readonly string[] {
    return this.#definedBy;
  }

  get isOver(): boolean {
    return this.#timetable.saved.isOver === true;
  }

  get saved(): SavedTask {
    const { task, source, pause } = this;
    return {
      ...{ format: FORMAT, name: task, source },
      options: this.#options,
      definedBy: this.#definedBy,
      names: [...this.#names],
      timetable: this.#timetable.saved,
      newestMs: this.#newestMs,
      ...(pause !== undefined && { pause }),
      works: this.works.all.map(saveWork),
      history: this.history.saved,
      store: this.store.saved,
    };
  }

  /** Whether it has times to keep. */
  get isOn(): boolean {
    return this.#definition.enabled && this.pause === undefined;
  }

  /** From now on it is defined like this. */
  redefine(options: TaskOptions, definition: Definition, now: Moment): void {
    const before = this.#definition;
    this.#options = options;
    this.#definition = definition;
    this.touch();
    if (JSON.stringify(before.schedule) === JSON.stringify(definition.schedule)) return;
    this.#timetable = this.#makeTimetable(now, undefined);
  }

  /** Notes which processes define it now. */
  noteDefiners(): void {
    if (!this.definers.isEmpty) this.#definedBy = this.definers.names;
    this.touch();
  }

  /** Lets time pass: what has come due is to be run. */
  advance(now: Moment): void {
    const { due, missed } = this.#timetable.pass(now);
    if (due.length > 0 || missed !== undefined) this.touch();
    if (this.isOn) {
      if (missed !== undefined) this.#miss(missed.count, missed.lastMs, now);
      for (const scheduledAt of due) this.#tick(scheduledAt, now);
    }
    this.#forgetNames(now);
    this.works.advance(now);
    this.works.dispatch(now);
  }

  /** One run now, in each place where it belongs; the ids of what will run. */
  ask(by: string, now: Moment): readonly string[] {
    return this.#spread(`${this.task}+${this.#world.token() ?? now.wallMs}`)
      .filter((tick) => this.works.add({ ...tick, scheduledAt: now.wallMs, by }, now))
      .map(({ id }) => id);
  }

  /** Whether a run that is asked for now would begin, or wait for its turn. */
  get hasRoom(): boolean {
    return this.#spread("").some(({ key }) => this.works.hasRoom(key));
  }

  /** Whether there is somebody to run it. */
  get hasRunner(): boolean {
    const { fork, on, to } = this.#definition;
    const { runners } = this.#world;
    if (fork !== undefined) return true;
    return on === "all"
      ? runners.ready(this.task, to).length > 0
      : runners.names(this.task).size > 0;
  }

  nextMs(now: Moment): number | undefined {
    return this.isOn ? this.#timetable.nextMs(now) : undefined;
  }

  /** How long until somebody has to look. */
  delayMs(now: Moment): number {
    const workMs = this.works.dueMs() - now.monoMs;
    return Math.max(0, Math.min(workMs, this.#timetable.delayMs(now) ?? Number.POSITIVE_INFINITY));
  }

  /** A process says that it has the function. */
  hasName(name: string): void {
    if (this.#names.has(name)) return;
    this.#names = new Set([...this.#names, name]);
    this.touch();
  }

  token(): number | undefined {
    return this.#world.token();
  }

  pick(wanted: Wanted, now: Moment): ReturnType<Runners["pick"]> {
    const { runners } = this.#world;
    return runners.pick(this.task, wanted, (peerId) => this.#world.busy(peerId), now);
  }

  isThere(identity: Identity): boolean {
    return this.#world.runners.isThere(identity);
  }

  avoid(peerId: number, now: Moment): void {
    this.#world.runners.avoid(peerId, now);
  }

  readonly random = (): number => this.#world.random();

  emit(effect: Effect): void {
    this.#world.emit(effect);
  }

  touch(): void {
    this.#world.touch(this.task);
  }

  note(record: RunRecord): void {
    this.history.add(record);
    this.emit({ type: "tell", change: { type: "ended", ...record } });
  }

  /** How many of its runs a peer has. */
  busy(peerId: number): number {
    return this.works.all.filter((work) => holderOf(work)?.peerId === peerId).length;
  }

  #makeTimetable(now: Moment, saved: SavedTask | undefined): Timetable {
    const { schedule } = this.#definition;
    const { calendarOf } = this.#world;
    const isNew = saved === undefined;
    if (isNew && schedule.kind === "at" && schedule.atMs <= now.wallMs) {
      const error = "its time had passed before it was defined";
      const id = this.#idAt(schedule.atMs);
      this.note({
        ...{ task: this.task, id, scheduledAt: schedule.atMs, error },
        ...{ endedAt: now.wallMs, outcome: "missed", count: 1 },
      });
    }
    return createTimetable(schedule, calendarOf, now, saved?.timetable);
  }

  #restore(saved: SavedTask, now: Moment): void {
    const { missed, timeoutMs, fork } = this.#definition;
    const leaseMs = fork === undefined ? this.leaseMs : Math.max(ORPHAN_MS, this.#world.leaseMs);
    const rules = { leaseMs, missed, ...(timeoutMs !== undefined && { timeoutMs }) };
    const restored = restoreWorks(saved.works, now, rules);
    this.works.restore(restored.works);
    for (const { id, scheduledAt } of restored.missed) {
      this.#noteMissed(id, scheduledAt, 1, "it had not begun when the master ended", now);
    }
  }

  #miss(count: number, lastMs: number, now: Moment): void {
    const why = "nobody was there at its time, or the clock was set";
    const isMade = this.#definition.missed === "once";
    const id = `${this.task}@${new Date(lastMs).toISOString()}`;
    this.#noteMissed(id, lastMs, count, why, now);
    if (isMade) this.#tick(lastMs, now, true);
  }

  #noteMissed(id: string, scheduledAt: number, count: number, error: string, now: Moment): void {
    this.note({
      ...{ task: this.task, id, scheduledAt, error },
      ...{ endedAt: now.wallMs, outcome: "missed", count },
    });
  }

  #tick(scheduledAt: number, now: Moment, isMakeUp = false): void {
    const id = this.#idAt(scheduledAt);
    const ticks = this.#spread(id);
    for (const tick of ticks) this.works.add({ ...tick, scheduledAt, isMakeUp }, now);
    if (ticks.length > 0) return;
    this.#noteMissed(id, scheduledAt, 1, "no process has its function", now);
  }

  /** A name that has no process with the function any more is not waited for without end. */
  #forgetNames(now: Moment): void {
    if (this.#definition.on !== "each") return;
    const present = this.#world.runners.names(this.task);
    for (const name of this.#names) {
      if (present.has(name)) this.#absentSince.delete(name);
      else if (!this.#absentSince.has(name)) this.#absentSince.set(name, now.monoMs);
      const sinceMs = this.#absentSince.get(name) ?? now.monoMs;
      if (now.monoMs - sinceMs < FORGET_MS) continue;
      this.#names = new Set([...this.#names].filter((one) => one !== name));
      this.#absentSince.delete(name);
      this.works.drop(name, "no process of that name has its function any more", now);
      this.touch();
    }
  }

  /** Names a run by its time; when a clock was set back, and the time is not a new one, by a token as well. */
  #idAt(scheduledAt: number): string {
    const { kind } = this.#definition.schedule;
    const isNew = kind === "cron" || kind === "at" || scheduledAt > this.#newestMs;
    this.#newestMs = Math.max(this.#newestMs, scheduledAt);
    const mark = isNew ? "" : `+${this.#world.token() ?? ""}`;
    return `${this.task}@${new Date(scheduledAt).toISOString()}${mark}`;
  }

  /** One run for each place where it belongs. */
  #spread(id: string): ReadonlyArray<Pick<Tick, "id" | "key" | "target">> {
    const { on, to } = this.#definition;
    const { runners } = this.#world;
    switch (on) {
      case "one":
        return [{ id, key: "" }];
      case "each":
        // One that is away for a moment is waited for.
        return [...new Set([...this.#names, ...runners.names(this.task)])]
          .filter((name) => to?.name === undefined || to.name === name)
          .map((name) => ({ id: `${id}/${name}`, key: name }));
      case "all":
        return runners.ready(this.task, to).map(({ identity }) => {
          const key = titleOf(identity);
          return { id: `${id}/${key}`, key, target: identity };
        });
    }
  }
}
