import type { Logger } from "@elpis/api";
import { hasCode } from "@elpis/api";
import type { AppDefinition } from "../config/types.ts";
import type { Meant } from "../control.ts";
import { noVersion, processStopped, processUnknown } from "../errors.ts";
import type { Crew } from "../family/crew.ts";
import type { Release } from "../family/family.ts";
import type { Pool } from "../family/pool.ts";
import { converge } from "../operations/apply.ts";
import type { OperationContext } from "../operations/context.ts";
import { changedKeys, masterChanges, planSteps } from "../operations/plan.ts";
import { OperationQueue, type QueueListener } from "../operations/queue.ts";
import { reload } from "../operations/reload.ts";
import { targetScale } from "../operations/scale.ts";
import type {
  ApplyPlan,
  ReloadOptions,
  ReloadResult,
  Reread,
  ScaleResult,
} from "../operations/types.ts";
import { VersionBook } from "../operations/versions.ts";
import type { ReloadWish, Target } from "../operations/wish.ts";
import type { ExitCause, OperationName, OperationStatus } from "../status.ts";
import type { OperationOptions } from "./contract.ts";
import { type Meaning, meaning } from "./meant.ts";

/** What an operator needs of its master. */
export interface OperatorHost {
  readonly app: AppDefinition;
  readonly crew: () => Crew;
  readonly reread: Reread | undefined;
  readonly context: OperationContext;
  readonly log: Logger;
  /** @throws ELPIS_PROCESS_MASTER_STATE unless the master runs */
  requireRunning(call: string): void;
}

/** Carries out what somebody asks for, one operation at a time, and keeps the versions of the application. */
export class Operator {
  readonly #host: OperatorHost;
  readonly #queue: OperationQueue;
  #book: VersionBook;

  constructor(host: OperatorHost, listener: QueueListener) {
    this.#host = host;
    this.#queue = new OperationQueue(listener);
    this.#book = VersionBook.begin(host.app, Date.now());
  }

  get current(): OperationStatus | undefined {
    return this.#queue.current;
  }

  get book(): VersionBook {
    return this.#book;
  }

  /** Goes on with the versions of an earlier master. */
  resume(book: VersionBook): void {
    this.#book = book;
  }

  /** All processes of the first start are ready. */
  settleFirst(): void {
    this.#book = this.#book.settle(this.#book.current, Date.now());
  }

  start(options: Meant & OperationOptions): Promise<void> {
    return this.#run("start", options, async () => {
      for (const { pool, slots } of this.#meaning(options)) {
        this.#refuseWhenStopping("The start");
        await pool.start(slots);
      }
    });
  }

  stop(options: Meant & OperationOptions & { readonly now?: boolean }): Promise<void> {
    const isNow = (): boolean => options.now === true || this.#host.context.isNow();
    return this.#run("stop", options, async () => {
      for (const { pool, slots, isWhole } of this.#meaning(options).reverse()) {
        // What is on its way to a port that nobody will serve is refused rather than kept waiting.
        if (isWhole) this.#host.crew().dropPorts(pool);
        for (const slot of slots) slot.feedAll({ type: "retire" });
        await pool.stop(isNow, slots);
        if (!pool.isServed) this.#host.crew().dropPorts(pool);
      }
    });
  }

  restart(options: Meant & OperationOptions): Promise<void> {
    return this.#run("restart", options, async () => {
      const failures: unknown[] = [];
      for (const one of this.#meaning(options)) {
        await this.#restart(one).catch((error: unknown) => {
          if (!hasCode(error, "ELPIS_PROCESS_NOT_READY")) throw error;
          failures.push(error);
        });
      }
      if (failures.length > 0) throw failures[0];
    });
  }

  reload(
    options: ReloadOptions & OperationOptions,
    cause: ExitCause = "asked",
  ): Promise<ReloadResult> {
    return this.#run("reload", options, async () => {
      const meant = this.#meaning(options);
      const next = options.reread === false ? undefined : await this.#host.reread?.();
      const targets = this.#targets(meant, next);
      const { canary } = options;
      const wish = { cause, ...(canary !== undefined && { canary }) };
      return this.#replace(targets, wish, next);
    });
  }

  rollback(options: Meant & OperationOptions): Promise<ReloadResult> {
    return this.#run("rollback", options, async () => {
      const meant = this.#meaning(options);
      const { previous, current } = this.#book;
      if (previous === undefined) throw noVersion(current.version);
      const result = await this.#replace(
        targetsOf(meant, previous),
        { cause: "asked" },
        previous.app,
      );
      this.#book = this.#book.settle(previous, Date.now()).reject(current.version);
      return { ...result, version: previous.version };
    });
  }

  scale(
    scale: Readonly<Record<string, number | string>>,
    options: OperationOptions,
  ): Promise<ScaleResult> {
    const processes = Object.keys(scale);
    return this.#run("scale", { ...options, processes }, async () => {
      // All of it is checked before any of it is done.
      const wishes = Object.entries(scale).map(([name, wanted]) => {
        const pool = this.#pool(name);
        const from = pool.slots.length;
        return { pool, from, to: targetScale(name, wanted, from) };
      });
      for (const { pool, from, to } of wishes) {
        this.#refuseWhenStopping(`Scaling ${pool.name}`);
        if (to === 0) this.#host.crew().dropPorts(pool);
        await pool.scaleTo(to, this.#host.context.isNow);
        this.#host.log.info(`${pool.name} is scaled from ${from} to ${to}`);
      }
      const changes = wishes.map(({ pool, from, to }) => [pool.name, { from, to }]);
      return { scale: Object.fromEntries(changes) };
    });
  }

  apply(options: OperationOptions & { readonly dryRun?: boolean }): Promise<ApplyPlan> {
    return this.#run("apply", options, async () => {
      const { reread, context } = this.#host;
      const crew = this.#host.crew();
      const { current } = this.#book;
      const wanted = (await reread?.()) ?? current.app;
      const running = crew.pools.map(({ definition, slots }) => ({
        definition,
        scale: slots.length,
      }));
      const steps = planSteps(running, wanted);
      const needsRestart = masterChanges(current.app, wanted);
      const nothing = { steps, needsRestart, applied: false, version: current.version };
      if (options.dryRun === true || steps.length === 0) return nothing;
      const { release, book } = this.#book.draft(wanted);
      this.#book = book;
      await converge({ steps, release, crew }, context);
      this.#book = this.#book.settle(release, Date.now());
      return { ...nothing, applied: true, version: release.version };
    });
  }

  async #replace(
    targets: readonly Target[],
    wish: Omit<ReloadWish, "targets">,
    next: AppDefinition | undefined,
  ): Promise<ReloadResult> {
    const began = performance.now();
    const replaced = await reload({ ...wish, targets }, this.#host.context);
    const release = targets[0]?.release;
    if (release !== undefined) this.#book = this.#book.settle(release, Date.now());
    return {
      version: this.#book.current.version,
      replaced,
      tookMs: Math.round(performance.now() - began),
      notApplied: next === undefined ? [] : this.#notApplied(next),
    };
  }

  /** What a new definition says of processes that a reload does not see to. */
  #notApplied(next: AppDefinition): string[] {
    const running = this.#host.crew().pools.map(({ definition, slots }) => ({
      definition,
      scale: slots.length,
    }));
    const steps = planSteps(running, next).filter(({ action }) => action !== "change");
    return [...new Set(steps.map(({ process }) => process))];
  }

  #targets(meant: readonly Meaning[], next: AppDefinition | undefined): Target[] {
    const { current } = this.#book;
    if (next === undefined || !differs(meant, next)) return targetsOf(meant, current);
    const { release, book } = this.#book.draft(next);
    this.#book = book;
    return targetsOf(meant, release);
  }

  async #restart({ pool, slots }: Meaning): Promise<void> {
    const what = `The restart of ${pool.name}`;
    this.#refuseWhenStopping(what);
    await pool.stop(this.#host.context.isNow, slots);
    this.#refuseWhenStopping(what);
    await pool.start(slots);
  }

  #run<Value>(
    name: OperationName,
    options: Meant & OperationOptions,
    work: () => Promise<Value>,
  ): Promise<Value> {
    const { by = "program", queue = false, processes = [] } = options;
    return this.#queue.run({ name, processes, by, queue }, async () => {
      this.#host.requireRunning(`${name}()`);
      return work();
    });
  }

  #meaning({ processes }: Meant): Meaning[] {
    return meaning(this.#host.crew().pools, processes);
  }

  #pool(name: string): Pool {
    const pool = this.#host.crew().pool(name);
    if (pool !== undefined) return pool;
    throw processUnknown(
      name,
      this.#host.crew().pools.map((one) => one.name),
    );
  }

  #refuseWhenStopping(what: string): void {
    if (this.#host.context.stopping.aborted) throw processStopped(what);
  }
}

/** Whether a definition says something else of processes that are meant. */
function differs(meant: readonly Meaning[], next: AppDefinition): boolean {
  return meant.some(({ pool }) => {
    const other = next.processes.find(({ name }) => name === pool.name);
    return other !== undefined && changedKeys(pool.definition, other).length > 0;
  });
}

/** What is to be replaced by what a release says; a process that it does not know stays what it is. */
function targetsOf(meant: readonly Meaning[], release: Release): Target[] {
  return meant.map(({ pool, slots, isWhole }) => {
    const definition =
      release.app.processes.find(({ name }) => name === pool.name) ?? pool.definition;
    return { pool, definition, release, ...(!isWhole && { slots }) };
  });
}
