import { EventEmitter } from "node:events";
import { join } from "node:path";
import { type Client, type Logger, outputKeeper } from "@elpis/api";
import { createHub, createLogger, type Hub, runtimeDir } from "@elpis/core";
import { Guardian } from "../child/guardian.ts";
import { resolveConfig } from "../config/resolve.ts";
import type { AppConfig, AppDefinition } from "../config/types.ts";
import { type ControlTopics, type Meant, PROCESS_TOPIC } from "../control.ts";
import { masterState, processStopped } from "../errors.ts";
import { Crew } from "../family/crew.ts";
import type { Family } from "../family/family.ts";
import type { Slot } from "../family/slot.ts";
import type {
  ApplyPlan,
  ProcessDetails,
  ReloadOptions,
  ReloadResult,
  ScaleResult,
} from "../operations/types.ts";
import { PortBroker } from "../ports/port-broker.ts";
import type { InstanceState, MasterStatus } from "../status.ts";
import { Succession } from "../survive/succession.ts";
import type { Home } from "../survive/survivor.ts";
import { MemorySampler } from "../watch/memory-sampler.ts";
import { UsageSampler } from "../watch/usage.ts";
import { AuditTrail } from "./audit.ts";
import { CallbackGuard } from "./callback-guard.ts";
import type { Master, MasterEvents, MasterOptions, OperationOptions } from "./contract.ts";
import { CronReloads } from "./cron-reloads.ts";
import { givenByMaster } from "./given.ts";
import { ChangeLog } from "./log-change.ts";
import { Looks } from "./looks.ts";
import { OneOffKeeper } from "./one-offs.ts";
import { Operator } from "./operator.ts";
import { type Phase, report } from "./report.ts";
import { serveControl } from "./serve-control.ts";

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

class MasterProcess implements Master {
  readonly events: EventEmitter<MasterEvents> = new EventEmitter();
  readonly closed: Promise<void>;
  readonly #app: AppDefinition;
  readonly #dir: string;
  readonly #options: MasterOptions;
  readonly #log: Logger;
  readonly #startedAt = Date.now();
  readonly #startedMs = performance.now();
  readonly #guardian: Guardian;
  readonly #ports: PortBroker;
  readonly #callbacks: CallbackGuard;
  readonly #changes: ChangeLog;
  readonly #operator: Operator;
  readonly #cron: CronReloads;
  readonly #usage = new UsageSampler();
  readonly #oneOffs = new OneOffKeeper();
  readonly #stopSignal = new AbortController();
  readonly #gone: Promise<void>;
  #markGone: () => void = () => {};
  #markClosed: () => void = () => {};
  readonly #looks: Looks;
  #phase: Phase = "new";
  #hub: Hub | undefined;
  #crew: Crew | undefined;
  #succession: Succession | undefined;
  #isResumed = false;
  readonly #audit: AuditTrail;
  #opening: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  #now = false;

  constructor(options: MasterOptions) {
    const { config, log = createLogger() } = options;
    const dir = process.cwd();
    this.#app = isDefinition(config) ? config : resolveConfig(config, { file: dir, dir });
    this.#dir = options.dir ?? runtimeDir(this.#app.name);
    this.#audit = new AuditTrail(this.#dir, log);
    this.#looks = new Looks({
      pools: () => this.#pools,
      book: () => this.#operator.book,
      diagnosticsDir: join(this.#dir, "diagnostics"),
    });
    this.#options = options;
    this.#log = log;
    this.#guardian = new Guardian(log);
    this.#callbacks = new CallbackGuard(log);
    this.#changes = new ChangeLog(log);
    this.#ports = new PortBroker(log);
    this.#operator = this.#makeOperator();
    this.#cron = new CronReloads((options) => this.#operator.reload(options, "cron"), log);
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
      for (const pool of this.#pools) {
        this.#refuseWhenStopping();
        await (this.#isResumed ? pool.resume() : pool.start());
      }
      this.#refuseWhenStopping();
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#phase = "running";
    this.#operator.settleFirst();
    this.#cron.follow(this.#pools);
    this.#succession?.settle();
  }

  stop(options: { readonly now?: boolean } = {}): Promise<void> {
    if (options.now === true && !this.#now) {
      this.#now = true;
      // Those whose turn has not come are killed as well.
      if (this.#stopping !== undefined) this.#crew?.feedAll({ type: "kill" });
      this.#oneOffs.killAll();
    }
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  startProcesses(options: Meant & OperationOptions): Promise<void> {
    return this.#operator.start(options);
  }

  stopProcesses(options: Meant & OperationOptions & { readonly now?: boolean }): Promise<void> {
    return this.#operator.stop(options);
  }

  restart(options: string | (Meant & OperationOptions) = {}): Promise<void> {
    return this.#operator.restart(typeof options === "string" ? { processes: [options] } : options);
  }

  reload(options: ReloadOptions & OperationOptions = {}): Promise<ReloadResult> {
    return this.#operator.reload(options);
  }

  rollback(options: Meant & OperationOptions = {}): Promise<ReloadResult> {
    return this.#operator.rollback(options);
  }

  scale(
    scale: Readonly<Record<string, number | string>>,
    options: OperationOptions = {},
  ): Promise<ScaleResult> {
    return this.#operator.scale(scale, options);
  }

  apply(options: OperationOptions & { readonly dryRun?: boolean } = {}): Promise<ApplyPlan> {
    return this.#operator.apply(options);
  }

  status(): MasterStatus {
    const { current, versions } = this.#operator.book;
    return report({
      app: versions.length === 0 ? this.#app : current.app,
      version: current.version,
      phase: this.#phase,
      startedAt: this.#startedAt,
      uptimeMs: Math.round(performance.now() - this.#startedMs),
      operation: this.#operator.current,
      pools: this.#pools,
      usage: this.#usage,
    });
  }

  show(process: string): ProcessDetails {
    return this.#looks.show(process);
  }

  signal(processes: readonly string[], signal: string): readonly number[] {
    return this.#looks.signal(processes, signal);
  }

  inspect(process: string): ReturnType<Master["inspect"]> {
    return this.#looks.inspect(process);
  }

  diagnose(...args: Parameters<Master["diagnose"]>): ReturnType<Master["diagnose"]> {
    return this.#looks.diagnose(...args);
  }

  get #pools(): Crew["pools"] {
    return this.#crew?.pools ?? [];
  }

  #makeOperator(): Operator {
    const context = {
      log: this.#log,
      stopping: this.#stopSignal.signal,
      isNow: () => this.#now,
    };
    const host = {
      app: this.#app,
      crew: () => this.#crew as Crew,
      reread: this.#options.reread,
      context,
      log: this.#log,
      requireRunning: (call: string) => {
        if (this.#phase !== "running") throw masterState(call, this.#phase, "running");
      },
    };
    return new Operator(host, {
      onBegin: (operation) => this.#emit("operation", operation),
      onEnd: (operation, error) => {
        this.#audit.note(operation, error);
        this.#succession?.settle();
        this.#cron.follow(this.#pools);
        this.#emit("operationEnded", operation, error);
      },
    });
  }

  async #open(): Promise<void> {
    const { name, plugins, groups, hub: settings } = this.#app;
    const { dir, output, foreground } = this.#options;
    const log = this.#log;
    const { jobsDir, limits } = settings;
    const hub = await createHub({
      name,
      plugins,
      log,
      given: givenByMaster(
        { app: this.#app, dir: this.#dir, foreground },
        { oneOffs: this.#oneOffs, audit: this.#audit, status: () => this.status() },
      ),
      ...(dir !== undefined && { dir }),
      ...(jobsDir !== undefined && { jobsDir }),
      ...(limits !== undefined && { limits }),
    });
    this.#hub = hub;
    this.#refuseWhenStopping();
    this.#guardian.start();
    const keeper = foreground === true ? undefined : hub.find(outputKeeper);
    const onOutput: Family["onOutput"] = (line) =>
      keeper ? keeper.write(line) : this.#callbacks.run("output", () => output?.(line));
    const home = { app: name, hub, ports: this.#ports, log };
    const succession = this.#succeed({ ...home, onOutput });
    const inherited = await succession.inherit();
    const family: Family = {
      ...home,
      guardian: this.#guardian,
      stopping: this.#stopSignal.signal,
      memory: new MemorySampler(),
      diagnosticsDir: join(this.#dir, "diagnostics"),
      survival: succession.survival,
      touch: () => succession.touch(),
      keeper,
      onOutput,
    };
    const crew = new Crew({
      family,
      groups,
      onChange: (slot, previous) => this.#onChange(slot, previous),
    });
    if (inherited.book !== undefined) this.#operator.resume(inherited.book);
    this.#isResumed = inherited.book !== undefined;
    const release = this.#operator.book.current;
    for (const definition of inherited.definition.processes) {
      crew.add(definition, release, inherited.heritageOf(definition.name));
    }
    this.#crew = crew;
    const isUp = (): boolean => this.#phase === "running";
    this.#oneOffs.open({ family, isUp, app: () => this.#operator.book.current.app });
    hub.client.watchPeers(({ type, peer }) => {
      if (type === "left") succession.left(peer.id);
      else crew.unitOf(peer.id)?.saidReadiness(peer.ready);
    });
    serveControl({
      client: hub.client,
      master: this,
      crew,
      audit: this.#audit,
      stopAll: (now) => this.#stopAsked(now),
    });
    succession.takeUp(crew);
  }

  #succeed(parts: Home & Pick<Family, "onOutput">): Succession {
    this.#succession = new Succession({
      ...parts,
      definition: this.#app,
      guardian: this.#guardian,
      startedAt: this.#startedAt,
      crew: () => this.#crew,
      book: () => this.#operator.book,
    });
    return this.#succession;
  }

  #onChange(slot: Slot, previous: InstanceState): void {
    this.#changes.note(slot, previous);
    this.#succession?.touch();
    const change = { ...slot.status(), previous };
    this.#emit("process", change);
    const control = this.#hub?.client as unknown as Client<ControlTopics>;
    // Whoever listens may be gone; nobody has to hear it.
    control.emit(PROCESS_TOPIC, change).catch(() => {});
  }

  #emit<Name extends keyof MasterEvents>(name: Name, ...args: MasterEvents[Name]): void {
    const { events } = this;
    const emit = events.emit.bind(events) as (name: string, ...args: unknown[]) => boolean;
    void this.#callbacks.run(`${name} listener`, () => emit(name, ...args));
  }

  #refuseWhenStopping(): void {
    if (this.#stopping !== undefined) throw processStopped("The start of the application");
  }

  /** Resolves once all processes are gone; only then does the hub, over which the answer goes, close. */
  async #stopAsked(now: boolean): Promise<void> {
    this.stop({ now }).catch((error: unknown) => {
      this.#log.error("the stop that was asked for has failed", { error: String(error) });
    });
    await this.#gone;
  }

  async #stop(): Promise<void> {
    this.#phase = "stopping";
    this.#stopSignal.abort();
    this.#cron.close();
    try {
      // Whoever started this hears of its failure; here it only has to be over.
      await this.#opening?.catch(() => {});
      this.#succession?.revoke();
      this.#crew?.feedAll({ type: "retire" });
      const oneOffs = this.#oneOffs.stop(() => this.#now);
      for (const pool of [...this.#pools].reverse()) {
        this.#crew?.dropPorts(pool);
        await pool.stop(() => this.#now);
      }
      await oneOffs;
      this.#markGone();
      // Whoever asked over the hub is answered before it closes.
      await new Promise((resolve) => setImmediate(resolve));
      this.#succession?.close();
      await this.#hub?.close();
    } finally {
      this.#changes.close();
      this.#ports.close();
      this.#guardian.close();
      this.#phase = "stopped";
      this.#markClosed();
    }
  }
}
