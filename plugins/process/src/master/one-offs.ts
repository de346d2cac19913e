import type { Location, OneOff, OneOffEnd, OneOffs, RunningOneOff } from "@elpis/api";
import { Child } from "../child/child-process.ts";
import { OutputReader } from "../child/output.ts";
import { hubFdOf, spawnChild } from "../child/spawn.ts";
import type { AppDefinition } from "../config/types.ts";
import { oneOffRefused } from "../errors.ts";
import type { Family } from "../family/family.ts";
import type { ExitFacts } from "../supervise/exit.ts";
import { oneOffDefinition } from "./one-off-definition.ts";

/** How long one may take to finish what it has when the application stops. */
const STOP_MS = 10_000;

/** Where processes are started, once the application runs. */
export interface OneOffHome {
  readonly family: Family;
  /** Whether all that is defined is there. */
  readonly isUp: () => boolean;
  /** The definition that is in force. */
  readonly app: () => AppDefinition;
}

/**
 * Starts processes that run once, beside those that are defined: they have everything of these but a place among them.
 * Plugins get this before there is a family to start them in.
 */
export class OneOffKeeper implements OneOffs {
  readonly #running = new Set<RunningProcess>();
  readonly #epochs = new Map<string, number>();
  #home: OneOffHome | undefined;
  #isStopping = false;

  /** From now on processes can be started, once the application is up. */
  open(home: OneOffHome): void {
    this.#home = home;
  }

  start(what: OneOff): RunningOneOff {
    const { name } = what;
    const home = this.#home;
    if (this.#isStopping) throw oneOffRefused(name, "the application stops", true);
    if (home?.isUp() !== true) throw oneOffRefused(name, "the application is not up yet", true);
    const app = home.app();
    if (app.processes.some((process) => process.name === name)) {
      throw oneOffRefused(name, "the application has a process of that name", false);
    }
    const index = this.#freeIndex(name);
    const epoch = (this.#epochs.get(name) ?? 0) + 1;
    this.#epochs.set(name, epoch);
    const running = new RunningProcess(what, { app, index, epoch, family: home.family });
    this.#running.add(running);
    void running.ended.then(() => this.#running.delete(running));
    return running;
  }

  /** Asks all of them to leave, and ends those that do not; resolves when they are gone. */
  async stop(isNow: () => boolean): Promise<void> {
    this.#isStopping = true;
    if (isNow()) this.killAll();
    for (const one of this.#running) one.terminate();
    const timer = setTimeout(() => this.killAll(), STOP_MS);
    await Promise.all([...this.#running].map(({ ended }) => ended));
    clearTimeout(timer);
  }

  killAll(): void {
    for (const one of this.#running) one.kill("SIGKILL");
  }

  #freeIndex(name: string): number {
    const taken = new Set(
      [...this.#running].filter((one) => one.name === name).map(({ index }) => index),
    );
    let index = 0;
    while (taken.has(index)) index += 1;
    return index;
  }
}

/** What a process is started with besides what it is. */
interface Circumstances {
  readonly app: AppDefinition;
  readonly index: number;
  readonly epoch: number;
  readonly family: Family;
}

class RunningProcess implements RunningOneOff {
  readonly name: string;
  readonly index: number;
  readonly pid: number;
  readonly peerId: number;
  readonly ended: Promise<OneOffEnd>;
  readonly #child: Child;

  /** @throws ELPIS_PROCESS_ONE_OFF */
  constructor(what: OneOff, { app, index, epoch, family }: Circumstances) {
    const { name } = what;
    const { guardian, hub, log, ports } = family;
    this.name = name;
    this.index = index;
    const definition = oneOffDefinition(what, app, STOP_MS);
    const output = new OutputReader((stream, text, pid) =>
      family.onOutput({ time: Date.now(), process: name, index, pid, stream, text }),
    );
    let onExit: (facts: ExitFacts) => void = () => {};
    const gone = new Promise<ExitFacts>((resolve) => {
      onExit = resolve;
    });
    this.#child = attempt(name, () => {
      const { modules = [] } = what;
      const kept = output.keptBy(family.keeper, { process: name, index, epoch });
      const child = spawnChild({ app, process: definition, index, modules, kept });
      const { balance } = definition;
      return new Child(child, { name, index, balance, ports, output, log, kept, onExit });
    });
    const { pid } = this.#child;
    this.ended = gone.then(({ code, signal }) => {
      if (pid !== undefined) guardian.forget(pid);
      return { code, signal, lastLines: output.lastLines };
    });
    if (pid === undefined) {
      throw oneOffRefused(name, `Node, or the folder ${definition.cwd}, cannot be used`, false);
    }
    this.pid = pid;
    guardian.watch(pid);
    const location: Omit<Location, "id"> = {
      app: app.name,
      role: "worker",
      name,
      index,
      pid,
      epoch,
    };
    this.peerId = hub.adopt(this.#child.hubSocket(hubFdOf(definition)), location);
  }

  kill(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): void {
    this.#child.signalGroup(signal);
  }

  /** Asks the process itself to finish what it has. */
  terminate(): void {
    this.#child.leaving();
    this.#child.terminate();
  }
}

/** @throws ELPIS_PROCESS_ONE_OFF */
function attempt(name: string, start: () => Child): Child {
  try {
    return start();
  } catch (error) {
    throw oneOffRefused(name, error instanceof Error ? error.message : String(error), false, error);
  }
}
