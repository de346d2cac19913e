import { EventEmitter } from "node:events";
import { type Client, hasCode, type Logger } from "@elpis/api";
import { createHub, createLogger, type Hub } from "@elpis/core";
import { resolveConfig } from "../config/resolve.ts";
import type { AppConfig, AppDefinition } from "../config/types.ts";
import { type ControlTopics, STATUS_TOPIC, STOP_TOPIC } from "../control.ts";
import { masterState, processStopped, processUnknown } from "../errors.ts";
import type { MasterStatus } from "../status.ts";
import type { InstanceEvent, InstanceState } from "../supervise/types.ts";
import { CallbackGuard } from "./callback-guard.ts";
import type { Master, MasterEvents, MasterOptions } from "./contract.ts";
import { type Group, makeGroups, startGroup, stopGroup } from "./groups.ts";
import { Guardian } from "./guardian.ts";
import type { Instance } from "./instance.ts";
import { logChange } from "./log-change.ts";
import { PortBroker } from "./port-broker.ts";
import { type Phase, report } from "./report.ts";

/**
 * Makes the master of an application in this process. Nothing runs before `start()`; signals and the exit of this
 * process are the caller's.
 *
 * @throws ELPIS_CONFIG_INVALID
 * @example
 * const master = createMaster({ config: await loadConfig(), output: (line) => console.log(line.text) });
 * await master.start();
 * process.once("SIGTERM", () => void master.stop());
 */
export function createMaster(options: MasterOptions): Master {
  return new MasterProcess(options);
}

function isDefinition(config: AppDefinition | AppConfig): config is AppDefinition {
  return Array.isArray(config.processes);
}

/** Whether an instance has ended for good by itself. Of one that was asked to, a restart may need the ports again. */
function isFinal(state: InstanceState, previous: InstanceState): boolean {
  return state === "failed" || (state === "stopped" && ["starting", "ready"].includes(previous));
}

class MasterProcess implements Master {
  readonly events: EventEmitter<MasterEvents> = new EventEmitter();
  readonly closed: Promise<void>;
  readonly #app: AppDefinition;
  readonly #options: MasterOptions;
  readonly #log: Logger;
  readonly #startedAt = Date.now();
  readonly #startedMs = performance.now();
  readonly #guardian: Guardian;
  readonly #ports: PortBroker;
  readonly #callbacks: CallbackGuard;
  readonly #gone: Promise<void>;
  #markGone: () => void = () => {};
  #markClosed: () => void = () => {};
  #phase: Phase = "new";
  #hub: Hub | undefined;
  #groups: readonly Group[] = [];
  #opening: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  #now = false;
  #restarts: Promise<void> = Promise.resolve();

  constructor(options: MasterOptions) {
    const { config, log = createLogger() } = options;
    const dir = process.cwd();
    this.#app = isDefinition(config) ? config : resolveConfig(config, { file: dir, dir });
    this.#options = options;
    this.#log = log;
    this.#guardian = new Guardian(log);
    this.#callbacks = new CallbackGuard(log);
    this.#ports = new PortBroker((error) => {
      log.debug("a worker was gone before its port arrived", { error: error.message });
    });
    this.#gone = new Promise((resolve) => {
      this.#markGone = resolve;
    });
    this.closed = new Promise((resolve) => {
      this.#markClosed = resolve;
    });
  }

  get hub(): Hub {
    if (this.#hub === undefined) throw masterState("hub", this.#phase, "started");
    return this.#hub;
  }

  async start(): Promise<void> {
    if (this.#phase !== "new") throw masterState("start()", this.#phase, "new");
    this.#phase = "starting";
    try {
      this.#opening = this.#open();
      await this.#opening;
      for (const group of this.#groups) {
        this.#refuseWhenStopping("The start of the application");
        await startGroup(group);
      }
      this.#refuseWhenStopping("The start of the application");
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#phase = "running";
  }

  stop(options: { readonly now?: boolean } = {}): Promise<void> {
    if (options.now === true && !this.#now) {
      this.#now = true;
      // Those whose turn has not come are killed as well.
      if (this.#stopping !== undefined) this.#tellAll({ type: "kill" });
    }
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  restart(name?: string): Promise<void> {
    const done = this.#restarts.then(() => this.#restart(name));
    // Restarts wait for one another; one that fails is told to whoever asked for it.
    this.#restarts = done.catch(() => {});
    return done;
  }

  status(): MasterStatus {
    return report({
      app: this.#app,
      phase: this.#phase,
      startedAt: this.#startedAt,
      uptimeMs: Math.round(performance.now() - this.#startedMs),
      groups: this.#groups,
    });
  }

  async #open(): Promise<void> {
    const { name, plugins } = this.#app;
    const { dir, output } = this.#options;
    const log = this.#log;
    const hub = await createHub({ name, plugins, log, ...(dir !== undefined && { dir }) });
    this.#hub = hub;
    this.#refuseWhenStopping("The start of the application");
    this.#guardian.start();
    this.#groups = makeGroups({
      app: this.#app,
      hub,
      guardian: this.#guardian,
      ports: this.#ports,
      log,
      onOutput: (line) => this.#callbacks.run("output", () => output?.(line)),
      onChange: (instance, previous) => this.#onChange(instance, previous),
    });
    hub.client.watchPeers(({ type, peer }) => {
      if (type !== "left" && peer.ready) this.#onReady(peer.id);
    });
    const control = hub.client as unknown as Client<ControlTopics>;
    control.handle(STATUS_TOPIC, () => this.status());
    control.handle(STOP_TOPIC, (input) => this.#stopAsked(input?.now === true));
  }

  #onReady(peerId: number): void {
    const instances = this.#groups.flatMap((group) => group.instances);
    instances.find((one) => one.peerId === peerId)?.feed({ type: "ready" });
  }

  #onChange(instance: Instance, previous: InstanceState): void {
    const { name } = instance.definition;
    logChange(this.#log, instance, previous);
    if (isFinal(instance.state, previous) && !this.#isServed(name)) this.#ports.drop(name);
    const areReady = (): boolean => this.#states(name).every((state) => state === "ready");
    if (areReady()) this.#ports.pruneLater(name, areReady);
    const change = { ...instance.status(), previous };
    void this.#callbacks.run("process listener", () => this.events.emit("process", change));
  }

  /** Whether a process with that name serves, or is going to. */
  #isServed(name: string): boolean {
    return this.#states(name).some((state) => state !== "failed" && state !== "stopped");
  }

  #states(name: string): InstanceState[] {
    const group = this.#groups.find(({ definition }) => definition.name === name);
    return group?.instances.map(({ state }) => state) ?? [];
  }

  async #restart(name: string | undefined): Promise<void> {
    if (this.#phase !== "running") throw masterState("restart()", this.#phase, "running");
    const groups = this.#groups.filter(
      ({ definition }) => name === undefined || definition.name === name,
    );
    if (name !== undefined && groups.length === 0) {
      const known = this.#app.processes.map((one) => one.name);
      throw processUnknown(name, known);
    }
    const failures: unknown[] = [];
    for (const group of groups) {
      await this.#restartGroup(group).catch((error: unknown) => {
        if (!hasCode(error, "ELPIS_PROCESS_NOT_READY")) throw error;
        failures.push(error);
      });
    }
    if (failures.length > 0) throw failures[0];
  }

  async #restartGroup(group: Group): Promise<void> {
    const what = `The restart of ${group.definition.name}`;
    this.#refuseWhenStopping(what);
    await stopGroup(group, () => this.#now);
    this.#refuseWhenStopping(what);
    await startGroup(group);
  }

  #refuseWhenStopping(what: string): void {
    if (this.#stopping !== undefined) throw processStopped(what);
  }

  /** Answers once all processes are gone; only then does the hub, over which the answer goes, close. */
  async #stopAsked(now: boolean): Promise<Record<string, never>> {
    this.stop({ now }).catch((error: unknown) => {
      this.#log.error("the stop that was asked for has failed", { error: String(error) });
    });
    await this.#gone;
    return {};
  }

  async #stop(): Promise<void> {
    this.#phase = "stopping";
    try {
      // Whoever started this hears of its failure; here it only has to be over.
      await this.#opening?.catch(() => {});
      this.#tellAll({ type: "retire" });
      for (const group of [...this.#groups].reverse()) {
        this.#ports.drop(group.definition.name);
        await stopGroup(group, () => this.#now);
      }
      this.#markGone();
      // Whoever asked over the hub is answered before it closes.
      await new Promise((resolve) => setImmediate(resolve));
      await this.#hub?.close();
    } finally {
      this.#ports.close();
      this.#guardian.close();
      this.#phase = "stopped";
      this.#markClosed();
    }
  }

  #tellAll(event: InstanceEvent): void {
    for (const { instances } of this.#groups) {
      for (const instance of instances) instance.feed(event);
    }
  }
}
