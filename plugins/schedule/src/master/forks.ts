import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { hasCode, type OneOffEnd, type OneOffs, type RunningOneOff } from "@elpis/api";
import type { ForkDefinition } from "../definition/definition.ts";
import { cannotFork, entryMissing } from "../errors.ts";
import type { Ended } from "../machine/attempt.ts";
import type { Holder } from "../machine/work.ts";
import type { Held, RunOrder } from "../topics.ts";

/** How long a process that was told to end has for it. */
const GRACE_MS = 5000;
/** How long a process may stay when its run is over. */
const LEAVE_MS = 10_000;
/** How long until it is tried again when no process can be started at the moment. */
const POSTPONE_MS = 500;
const LAST_LINES = 10;

/** What is told of the processes. */
interface ForkWatcher {
  onSpawned(held: Held, holder: Holder): void;
  onEnded(held: Held, ended: Ended): void;
  onPostponed(held: Held, pauseMs: number): void;
}

/** What processes for runs are started with. */
export interface ForkParts {
  /** Undefined: nobody here starts processes. */
  readonly oneOffs: OneOffs | undefined;
  /** Relative paths are meant from here. */
  readonly dir: string;
  readonly watcher: ForkWatcher;
}

/** The processes of runs that have one to themselves. */
export class Forks {
  readonly #parts: ForkParts;
  readonly #running = new Map<number, RunningOneOff>();
  readonly #timers = new Map<number, NodeJS.Timeout>();
  /** Peers that were told to leave, by whomever. */
  readonly #leaving = new Set<number>();

  constructor(parts: ForkParts) {
    this.#parts = parts;
  }

  /** The module of a task. @throws ELPIS_SCHEDULE_ENTRY when it is not there, or no process can be started */
  check(task: string, { entry }: ForkDefinition): string {
    if (this.#parts.oneOffs === undefined) throw cannotFork(task);
    const file = entry.startsWith("file:") ? fileURLToPath(entry) : resolve(this.#parts.dir, entry);
    if (!existsSync(file)) throw entryMissing(task, file);
    return file;
  }

  start(order: RunOrder, fork: ForkDefinition): void {
    const { task, token } = order;
    const held = { task, token };
    const { oneOffs, dir, watcher } = this.#parts;
    try {
      const file = this.check(task, fork);
      const running = (oneOffs as OneOffs).start({
        name: `task-${task}`,
        entry: forkEntry(),
        modules: [file],
        args: [task, file, ...fork.args],
        nodeArgs: fork.nodeArgs,
        env: fork.env,
        cwd: resolve(dir, fork.cwd ?? "."),
      });
      this.#running.set(token, running);
      watcher.onSpawned(held, holderOf(task, running));
      void running.ended.then((end) => this.#onEnd(held, running.peerId, end));
    } catch (error) {
      // The application is starting, or stops: this run waits for the next one who can.
      if (hasCode(error) && error.retryable) watcher.onPostponed(held, POSTPONE_MS);
      else watcher.onEnded(held, { outcome: "failed", error: (error as Error).message });
    }
  }

  /** The process of an attempt is to end, if it is there. */
  revoke(token: number): void {
    const running = this.#running.get(token);
    if (running === undefined) return;
    running.kill("SIGTERM");
    this.#killIn(token, GRACE_MS);
  }

  /** The run is over; its process has no reason to stay. */
  over(token: number): void {
    if (this.#running.has(token) && !this.#timers.has(token)) this.#killIn(token, LEAVE_MS);
  }

  /** A peer takes no more work: if it is one of these, its end is not its own doing. */
  leaving(peerId: number): void {
    if ([...this.#running.values()].some((one) => one.peerId === peerId)) this.#leaving.add(peerId);
  }

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    for (const running of this.#running.values()) running.kill("SIGKILL");
  }

  #killIn(token: number, delayMs: number): void {
    clearTimeout(this.#timers.get(token));
    const timer = setTimeout(() => this.#running.get(token)?.kill("SIGKILL"), delayMs);
    this.#timers.set(token, timer.unref());
  }

  #onEnd(held: Held, peerId: number, end: OneOffEnd): void {
    clearTimeout(this.#timers.get(held.token));
    this.#timers.delete(held.token);
    this.#running.delete(held.token);
    const wasTold = this.#leaving.delete(peerId);
    this.#parts.watcher.onEnded(held, wasTold ? TOLD : endedAs(end));
  }
}

const TOLD: Ended = { outcome: "lost", error: "its process was told to leave" };

/** What the end of a process says of its run, where that had not said it before. */
function endedAs({ code, signal, lastLines }: OneOffEnd): Ended {
  if (signal !== null) return { outcome: "lost", error: `its process was ended by ${signal}` };
  // What Node writes of an error that nobody caught begins with a piece of the source.
  const at = lastLines.findLastIndex((line) => /^(Uncaught|\w*Error\b)/.test(line));
  const said = lastLines.slice(at < 0 ? -LAST_LINES : at).join("\n");
  const how = `its process ended with exit code ${code}`;
  return { outcome: "failed", error: said === "" ? how : `${how}: ${said}` };
}

function holderOf(task: string, { peerId, pid }: RunningOneOff): Holder {
  return { peerId, identity: { name: `task-${task}`, index: 0, epoch: 1, pid } };
}

/** The built file, whether this runs from src/ (tests) or from dist/. */
function forkEntry(): string {
  const places = ["./fork.js", "../dist/fork.js", "../../dist/fork.js"].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  );
  return places.find((file) => existsSync(file)) ?? (places[0] as string);
}
