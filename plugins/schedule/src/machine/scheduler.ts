import type { Location, PeerChange } from "@elpis/api";
import type { RunRecord, TaskOptions, TaskStatus } from "../contract.ts";
import type { Definition } from "../definition/definition.ts";
import { badDefinition, nobodyRuns, taskBusy, unknownTask } from "../errors.ts";
import type { Held, Puts, Registration, RunResult, Verdict } from "../topics.ts";
import type { Ended } from "./attempt.ts";
import type { Effect } from "./effect.ts";
import { Runners } from "./runners.ts";
import type { SavedTask } from "./saved-task.ts";
import { statusOf } from "./status.ts";
import { FORGET_MS, Task, type TaskWorld } from "./task.ts";
import type { Calendar, Moment } from "./timetable.ts";
import type { Holder, Identity } from "./work.ts";

/** What a scheduler is made from. */
export interface SchedulerParts {
  readonly leaseMs: number;
  readonly historyPerTask: number;
  calendarOf(pattern: string, timeZone: string | undefined): Calendar;
  /** Checks options. @throws ELPIS_SCHEDULE_DEFINITION */
  read(name: string, options: TaskOptions): Definition;
  token(): number | undefined;
  random(): number;
}

/** What has come of the last steps. */
export interface Outcomes {
  readonly effects: readonly Effect[];
  /** Tasks of which something is to be written down, before the effects. */
  readonly touched: readonly string[];
}

/** Something of a definition that was not taken. */
export interface DefinitionProblem {
  readonly task: string;
  readonly message: string;
}

const FENCED: Verdict = { ok: false, code: "ELPIS_SCHEDULE_FENCED" };

/**
 * Decides which process runs what, and when; without a clock, a hub or a file in it. After each call `take()` says what
 * is to be done.
 */
export class Scheduler {
  readonly #parts: SchedulerParts;
  readonly #runners = new Runners();
  readonly #tasks = new Map<string, Task>();
  readonly #world: TaskWorld;
  #effects: Effect[] = [];
  #touched = new Set<string>();

  constructor(parts: SchedulerParts) {
    this.#parts = parts;
    const { leaseMs, historyPerTask } = parts;
    this.#world = {
      ...{ runners: this.#runners, leaseMs, historyPerTask },
      calendarOf: parts.calendarOf,
      token: () => parts.token(),
      random: () => parts.random(),
      busy: (peerId) => this.#busy(peerId),
      emit: (effect) => this.#effects.push(effect),
      touch: (task) => this.#touched.add(task),
    };
  }

  /** Puts up what the configuration defines, and puts back what there was before a restart. */
  open(
    configured: Readonly<Record<string, TaskOptions>>,
    saved: readonly SavedTask[],
    now: Moment,
  ): void {
    for (const one of saved) {
      const isGone = one.source === "config" && !Object.hasOwn(configured, one.name);
      if (isGone) this.#effects.push({ type: "forgotten", task: one.name });
      else this.#restore(one, now);
    }
    for (const [name, options] of Object.entries(configured)) {
      this.#define(name, "config", options, now);
    }
  }

  take(): Outcomes {
    const outcomes = { effects: this.#effects, touched: [...this.#touched] };
    this.#effects = [];
    this.#touched = new Set();
    return outcomes;
  }

  /** What is to be written down of a task; undefined: it is forgotten. */
  saved(task: string): SavedTask | undefined {
    return this.#tasks.get(task)?.saved;
  }

  /** Lets time pass. */
  advance(now: Moment): void {
    for (const task of this.#tasks.values()) {
      task.advance(now);
      this.#forgetOrphan(task, now);
    }
  }

  /** How long until somebody has to look. */
  delayMs(now: Moment): number {
    return Math.min(...[...this.#tasks.values()].map((task) => task.delayMs(now)), MAX_DELAY_MS);
  }

  /** Something has changed among the peers of the hub. */
  see(change: PeerChange, now: Moment): void {
    this.#runners.see(change);
    if (change.type === "left") {
      for (const task of this.#tasks.values()) {
        task.works.left(change.peer.id, now);
        if (task.definers.delete(change.peer.id)) this.#followDefiners(task, now);
      }
    }
    this.#dispatch(now);
  }

  /** A process says what it can run, and how it is defined. */
  register(from: Location, { since, tasks }: Registration, now: Moment): DefinitionProblem[] {
    const offered = new Set(tasks.map(({ name }) => name));
    this.#runners.offer(from, offered);
    const problems = tasks.flatMap((one) => this.#hear(from, since, one, now));
    for (const task of this.#tasks.values()) {
      const isDefined = tasks.some((one) => one.name === task.task && one.options !== undefined);
      if (!isDefined && task.definers.delete(from.id)) this.#followDefiners(task, now);
      if (offered.has(task.task)) task.hasName(from.name);
      task.works.joined(from.id);
    }
    this.#dispatch(now);
    return problems;
  }

  renew({ task, token }: Held, from: Holder, now: Moment): Verdict {
    return this.#tasks.get(task)?.works.renew(token, from, now) ?? FENCED;
  }

  finish({ task, token }: Held, from: Holder, result: RunResult, now: Moment): Verdict {
    const found = this.#tasks.get(task);
    if (found?.works.current(token) === undefined) return FENCED;
    if (result.ok && result.put !== undefined) {
      const problem = found.store.problem(result.put);
      if (problem !== undefined)
        return { ok: false, code: "ELPIS_SCHEDULE_STORE", message: problem };
    }
    const verdict = found.works.finish(token, from, result, now);
    if (verdict.ok && result.ok && result.put !== undefined) found.store.put(result.put);
    this.#dispatch(now);
    return verdict;
  }

  put({ task, token }: Held, from: Holder, puts: Puts): Verdict {
    const found = this.#tasks.get(task);
    if (found === undefined || !found.works.isCurrent(token, from)) return FENCED;
    const problem = found.store.problem(puts);
    if (problem !== undefined) return { ok: false, code: "ELPIS_SCHEDULE_STORE", message: problem };
    found.store.put(puts);
    found.touch();
    return { ok: true };
  }

  /** The process that runs of a task get; undefined: they get none. */
  forkOf(task: string): Definition["fork"] {
    return this.#tasks.get(task)?.definition.fork;
  }

  /** @throws ELPIS_SCHEDULE_UNKNOWN */
  get(task: string, key: string): string | undefined {
    return this.#find(task).store.get(key);
  }

  unclaimed({ task, token }: Held, now: Moment): void {
    this.#tasks.get(task)?.works.unclaimed(token, now);
    this.#dispatch(now);
  }

  postpone({ task, token }: Held, pauseMs: number, now: Moment): void {
    this.#tasks.get(task)?.works.postpone(token, pauseMs, now);
  }

  spawned({ task, token }: Held, holder: Holder): void {
    this.#tasks.get(task)?.works.spawned(token, holder);
  }

  processEnded({ task, token }: Held, ended: Ended, now: Moment): void {
    this.#tasks.get(task)?.works.processEnded(token, ended, now);
    this.#dispatch(now);
  }

  /** A process is known to be gone. */
  gone(identity: Identity, now: Moment): void {
    for (const task of this.#tasks.values()) task.works.gone(identity, now);
    this.#dispatch(now);
  }

  /** One run now. @throws ELPIS_SCHEDULE_UNKNOWN, ELPIS_SCHEDULE_BUSY, ELPIS_SCHEDULE_NOBODY */
  ask(name: string, by: string, now: Moment): readonly string[] {
    const task = this.#find(name);
    if (!task.hasRunner) throw nobodyRuns(name);
    if (!task.hasRoom) throw taskBusy(name);
    const ids = task.ask(by, now);
    task.works.dispatch(now);
    return ids;
  }

  /** @throws ELPIS_SCHEDULE_UNKNOWN */
  pause(name: string, by: string, now: Moment): TaskStatus {
    const task = this.#find(name);
    task.pause ??= { by, at: now.wallMs };
    task.touch();
    return statusOf(task, this.#runners, now);
  }

  /** @throws ELPIS_SCHEDULE_UNKNOWN */
  resume(name: string, now: Moment): TaskStatus {
    const task = this.#find(name);
    // What came due meanwhile is not made up for.
    task.advance(now);
    task.pause = undefined;
    task.touch();
    return statusOf(task, this.#runners, now);
  }

  list(now: Moment): TaskStatus[] {
    const all = [...this.#tasks.values()].map((task) => statusOf(task, this.#runners, now));
    return all.sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  /** @throws ELPIS_SCHEDULE_UNKNOWN */
  history(name: string, limit?: number): readonly RunRecord[] {
    return this.#find(name).history.newest(limit);
  }

  #busy(peerId: number): number {
    let count = 0;
    for (const task of this.#tasks.values()) count += task.busy(peerId);
    return count;
  }

  #dispatch(now: Moment): void {
    for (const task of this.#tasks.values()) task.works.dispatch(now);
  }

  #find(name: string): Task {
    const task = this.#tasks.get(name);
    if (task === undefined) throw unknownTask(name, [...this.#tasks.keys()].sort());
    return task;
  }

  /** What one process says of one task. */
  #hear(
    from: Location,
    since: number,
    { name, options }: Registration["tasks"][number],
    now: Moment,
  ): DefinitionProblem[] {
    if (options === undefined) return [];
    try {
      this.#parts.read(name, options);
      const found = this.#tasks.get(name);
      if (found?.source === "config") {
        const message = "the configuration defines it; use handle() for its function";
        throw badDefinition(name, [{ path: [], message }]);
      }
      const task = found ?? this.#define(name, "code", options, now);
      task.definers.set(from.id, from.name, since, options);
      this.#followDefiners(task, now);
      return [];
    } catch (error) {
      return [{ task: name, message: (error as Error).message }];
    }
  }

  /** @throws ELPIS_SCHEDULE_DEFINITION */
  #define(name: string, source: Task["source"], options: TaskOptions, now: Moment): Task {
    const definition = this.#parts.read(name, options);
    const found = this.#tasks.get(name);
    if (found !== undefined) {
      found.source = source;
      found.redefine(options, definition, now);
      return found;
    }
    const task = new Task({ name, source, options, definition }, this.#world, now);
    this.#tasks.set(name, task);
    return task;
  }

  #restore(saved: SavedTask, now: Moment): void {
    const { name, source, options } = saved;
    const definition = this.#parts.read(name, options);
    this.#tasks.set(name, new Task({ name, source, options, definition, saved }, this.#world, now));
  }

  #followDefiners(task: Task, now: Moment): void {
    const { options } = task.definers;
    task.noteDefiners();
    if (options === undefined) return;
    task.orphanSinceMs = undefined;
    task.redefine(options, this.#parts.read(task.task, options), now);
  }

  /** What no code defines any more goes, once processes that would are there and do not. */
  #forgetOrphan(task: Task, now: Moment): void {
    const isOrphan = task.source === "code" && task.definers.isEmpty;
    const areThere = task.definedBy.some((name) => this.#runners.hasReady(name));
    if (!isOrphan || !areThere) {
      task.orphanSinceMs = undefined;
      return;
    }
    task.orphanSinceMs ??= now.monoMs;
    const isBusy = task.works.all.some(({ phase }) => "token" in phase);
    if (now.monoMs - task.orphanSinceMs < FORGET_MS || isBusy) return;
    this.#tasks.delete(task.task);
    this.#effects.push({ type: "forgotten", task: task.task });
  }
}

/** Nobody needs to look more seldom. */
const MAX_DELAY_MS = 30_000;
