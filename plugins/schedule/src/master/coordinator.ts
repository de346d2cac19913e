import type { Client, Location, Logger, Off, OneOffs } from "@elpis/api";
import type { RunRecord, TaskOptions } from "../contract.ts";
import { cronCalendar } from "../definition/calendar.ts";
import { readDefinition } from "../definition/read.ts";
import type { Effect } from "../machine/effect.ts";
import { Scheduler } from "../machine/scheduler.ts";
import type { Moment } from "../machine/timetable.ts";
import type { Holder } from "../machine/work.ts";
import { TASK_TOPIC, type TaskChange, type TaskTopics } from "../topics.ts";
import { Calls } from "./calls.ts";
import { Forks } from "./forks.ts";
import { Prober } from "./prober.ts";
import { readTaskFiles, TaskFiles } from "./task-files.ts";
import { TokenFile } from "./token-file.ts";

/** How long it is looked whether a process is gone, at least: longer than any lease of it is waited for. */
const LEAST_PATIENCE_MS = 90_000;

/** What a coordinator is made from. */
export interface CoordinatorParts {
  readonly hub: Client;
  readonly log: Logger;
  readonly leaseMs: number;
  readonly historyPerTask: number;
  /** Relative paths of tasks are meant from here. */
  readonly dir: string;
  /** Folder for what must not be forgotten; undefined: it is kept in memory. */
  readonly stateDir: string | undefined;
  readonly oneOffs: OneOffs | undefined;
  /** Tasks of the configuration. */
  readonly tasks: Readonly<Record<string, TaskOptions>>;
}

/** Carries out what the scheduler decides, and tells it what happens. */
export class Coordinator {
  readonly forks: Forks;
  readonly prober: Prober;
  readonly #parts: CoordinatorParts;
  readonly #scheduler: Scheduler;
  readonly #tokens: TokenFile;
  readonly #files: TaskFiles;
  readonly #calls: Calls;
  readonly #waiting = new Map<string, (record: RunRecord) => void>();
  readonly #unwatch: Off;
  /** Settles when everything that was decided so far is on disk and carried out. */
  #tail: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** @throws ELPIS_SCHEDULE_STATE, ELPIS_SCHEDULE_ENTRY */
  static async open(parts: CoordinatorParts): Promise<Coordinator> {
    const { stateDir, log } = parts;
    const saved = readTaskFiles(stateDir, log);
    const tokens = await TokenFile.open(stateDir, Date.now(), log);
    const coordinator = new Coordinator(parts, tokens);
    coordinator.#checkEntries();
    coordinator.step((scheduler, now) => scheduler.open(parts.tasks, saved, now));
    return coordinator;
  }

  private constructor(parts: CoordinatorParts, tokens: TokenFile) {
    const { hub, log, leaseMs, historyPerTask, oneOffs, dir } = parts;
    this.#parts = parts;
    this.#tokens = tokens;
    this.#scheduler = new Scheduler({
      ...{ leaseMs, historyPerTask },
      calendarOf: cronCalendar,
      read: readDefinition,
      token: () => tokens.take(),
      random: Math.random,
    });
    this.#files = new TaskFiles(parts.stateDir, (task) => this.#scheduler.saved(task), log);
    this.#calls = new Calls(hub, (held) => this.step((one, now) => one.unclaimed(held, now)));
    const patienceMs = Math.max(LEAST_PATIENCE_MS, 2 * leaseMs);
    this.prober = new Prober(patienceMs, (identity) =>
      this.step((one, now) => one.gone(identity, now)),
    );
    this.forks = new Forks({
      ...{ oneOffs, dir },
      watcher: {
        onSpawned: (held, holder) => this.step((one) => one.spawned(held, holder)),
        onEnded: (held, ended) => this.step((one, now) => one.processEnded(held, ended, now)),
        onPostponed: (held, pauseMs) => this.step((one, now) => one.postpone(held, pauseMs, now)),
      },
    });
    this.#unwatch = hub.watchPeers((change) => {
      if (change.type === "changed" && !change.peer.ready) this.forks.leaving(change.peer.id);
      this.step((scheduler, now) => scheduler.see(change, now));
    });
  }

  /** Lets the scheduler take a step, and sees to what comes of it. */
  step<Value>(work: (scheduler: Scheduler, now: Moment) => Value): Value {
    const now = { wallMs: Date.now(), monoMs: performance.now() };
    try {
      return work(this.#scheduler, now);
    } finally {
      this.#follow();
      this.#arm(now);
    }
  }

  /** Resolves when all that was decided so far is on disk. */
  async settled(): Promise<void> {
    await this.#tail;
  }

  /** How a run ends in the end, after all attempts. */
  ending(id: string, signal: AbortSignal): Promise<RunRecord> {
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      // Nobody waits any more; the promise is nobody's then.
      signal.addEventListener("abort", () => this.#waiting.delete(id), { once: true });
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#unwatch();
    this.prober.close();
    this.#calls.close();
    this.forks.close();
    this.#follow();
    await this.#tail;
    await this.#files.close();
    await this.#tokens.settled();
  }

  #checkEntries(): void {
    for (const [name, options] of Object.entries(this.#parts.tasks)) {
      const { fork } = readDefinition(name, options);
      if (fork !== undefined) this.forks.check(name, fork);
    }
  }

  #arm(now: Moment): void {
    clearTimeout(this.#timer);
    if (this.#isClosed) return;
    const delayMs = Math.max(1, Math.ceil(this.#scheduler.delayMs(now)));
    this.#timer = setTimeout(() => this.step((one, then) => one.advance(then)), delayMs).unref();
  }

  /** What was decided is written down first, then done. */
  #follow(): void {
    const { effects, touched } = this.#scheduler.take();
    if (effects.length === 0 && touched.length === 0) return;
    const forgotten = effects.flatMap((one) => (one.type === "forgotten" ? [one.task] : []));
    const saved = Promise.all([...touched, ...forgotten].map((task) => this.#files.save(task)));
    this.#tail = this.#tail
      .then(() => saved)
      .then(() => {
        for (const effect of effects) this.#attempt(effect);
      });
  }

  /** What goes wrong with one must not keep the others from being done. */
  #attempt(effect: Effect): void {
    try {
      this.#carryOut(effect);
    } catch (error) {
      this.#parts.log.error(`a step for a task failed: ${effect.type}`, { error: String(error) });
    }
  }

  #carryOut(effect: Effect): void {
    if (this.#isClosed && effect.type !== "over") return;
    switch (effect.type) {
      case "execute":
        return this.#calls.execute(effect.order, effect.peerId);
      case "spawn":
        return this.#spawn(effect.order);
      case "revoke":
        this.forks.revoke(effect.token);
        return this.#calls.revoke(effect.token);
      case "probe":
        return this.prober.watch(effect.identity);
      case "tell":
        return this.#tell(effect.change);
      case "over":
        this.#waiting.get(effect.record.id)?.(effect.record);
        this.#waiting.delete(effect.record.id);
        return;
      case "forgotten":
        this.#parts.log.info(`task ${effect.task} is defined nowhere any more, it is forgotten`);
    }
  }

  #spawn(order: Parameters<Forks["start"]>[0]): void {
    const fork = this.#scheduler.forkOf(order.task);
    if (fork !== undefined) this.forks.start(order, fork);
  }

  #tell(change: TaskChange): void {
    const { hub, log } = this.#parts;
    if (change.type === "ended") {
      const { task, token, outcome, id, where, attempt, again, error } = change;
      if (token !== undefined) this.forks.over(token);
      // What it wrote last stands in the history.
      const why = error?.split("\n", 2).join(" ");
      const fields = { id, where, attempt, again, error: why };
      if (outcome === "failed" || outcome === "timeout" || outcome === "lost")
        log.warn(`task ${task}: ${outcome}`, fields);
      else log.debug(`task ${task}: ${outcome}`, fields);
    }
    const topics = hub as unknown as Client<TaskTopics>;
    // Whoever listens may be gone; nobody has to hear it.
    topics.emit(TASK_TOPIC, change).catch(() => {});
  }
}

/** Who a peer is, to the scheduler. */
export function holderOf({ id, name, index, epoch, pid }: Location): Holder {
  return { peerId: id, identity: { name, index, epoch, pid } };
}
