import { setImmediate as nextTurn } from "node:timers/promises";
import { formatLocation } from "@elpis/api";
import type { HubClient } from "@elpis/core/internal";
import { DRAIN_TOPIC } from "../control.ts";
import { drainRefused } from "../errors.ts";
import { Deadline } from "./deadline.ts";
import { runHooks } from "./hooks.ts";
import { HttpDrain } from "./http-drain.ts";
import type { Plugins } from "./plugins.ts";
import type { PortClient } from "./port-client.ts";
import type { ReadyGate } from "./ready.ts";
import type { ServerRegistry } from "./servers.ts";

/** Exit code of a process that was told a second time to end before it had finished. */
const IMPATIENT_EXIT_CODE = 143;
const LOOK_MS = 20;
const FAREWELL_MS = 500;

/** What can be told to stop within what is left of the time. */
interface Stoppable {
  stop(leftMs: () => number): Promise<readonly Error[]>;
}

/** What leaves together. */
export interface DepartureParts {
  readonly client: HubClient;
  readonly gate: ReadyGate;
  readonly servers: ServerRegistry;
  readonly ports: PortClient;
}

/**
 * How this process leaves: no new work, what was begun is finished, then it ends. Asked by the master, by SIGTERM, or
 * because the master is gone; within a bound in every case.
 */
export class Departure {
  /** Closed last. */
  plugins: Plugins | undefined;
  /** Stopped when nothing is asked of this process any more; the hub is there until they are done. */
  services: Stoppable | undefined;
  readonly #parts: DepartureParts;
  readonly #deadline = new Deadline();
  #drained: Promise<boolean> | undefined;
  #signalled = false;
  #hooksRun = false;
  #hooksMayGoOn = false;
  #answering = 0;
  #exitCode = 0;
  #over = false;
  #stopTimeoutMs = 0;

  constructor(parts: DepartureParts) {
    this.#parts = parts;
  }

  install(stopTimeoutMs: number): void {
    process.on("SIGTERM", this.#onSigterm);
    this.#stopTimeoutMs = stopTimeoutMs;
    this.#parts.client.handle(DRAIN_TOPIC, async (input, { from }) => {
      if (from.role !== "master") throw drainRefused(formatLocation(from));
      this.#answering = 1;
      const drained = await this.#leave((input as { boundMs: number }).boundMs);
      this.#answering = 0;
      return { drained };
    });
  }

  /** Whether it has begun to leave. */
  get isLeaving(): boolean {
    return this.#drained !== undefined;
  }

  /** Takes no more work from now on; whenever this process leaves, and whoever asks it to, it does so with `exitCode`. */
  refuseWork(exitCode: number): void {
    this.#exitCode = exitCode;
    process.exitCode = exitCode;
    const { gate, ports, servers } = this.#parts;
    gate.close();
    ports.leave();
    void servers.stopAccepting();
  }

  /** Leaves without having been asked; resolves when there is nothing left to finish. */
  async leave(boundMs: number): Promise<void> {
    await this.#leave(boundMs);
  }

  /** The link to the master has ended; not a surprise to a process that has just ended it. */
  async orphaned(boundMs: number, exitCode: number): Promise<void> {
    if (this.#over) return;
    this.#exitCode = exitCode;
    // Nobody reads what is written any more.
    for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
    await this.#leave(boundMs);
  }

  readonly #onSigterm = (): void => {
    // The first signal to one that was asked already joins in: a service manager sends it to the whole family at once.
    if (this.#signalled || this.#deadline.hasPassed) process.exit(IMPATIENT_EXIT_CODE);
    this.#signalled = true;
    // The application's listeners were called together with this one.
    if (!this.#hooksRun) this.#hooksMayGoOn = process.listenerCount("SIGTERM") > 1;
    this.#hooksRun = true;
    void this.#leave(this.#stopTimeoutMs);
  };

  #leave(boundMs: number): Promise<boolean> {
    this.#deadline.within(boundMs);
    this.#drained ??= this.#drain().finally(() => void this.#end());
    return this.#drained;
  }

  async #drain(): Promise<boolean> {
    const { gate, ports, servers } = this.#parts;
    gate.close();
    ports.leave();
    await servers.stopAccepting();
    const http = new HttpDrain(servers);
    const requests = Promise.all([http.done(), this.#hubIdle()]);
    // What the requests need must be there until they are done; but one that never ends may wait for the hooks.
    await this.#deadline.race(requests, this.#deadline.remainingMs / 2);
    await this.#deadline.race(this.#runHooks());
    this.#endUpgraded();
    // Services need some of the time as well.
    const atMostMs = this.services === undefined ? undefined : this.#deadline.remainingMs / 2;
    const ended = Promise.all([requests, this.#connectionsEnded()]);
    const drained = await this.#deadline.race(ended, atMostMs);
    servers.end();
    return drained;
  }

  async #runHooks(): Promise<void> {
    if (this.#hooksRun) return;
    this.#hooksRun = true;
    const { settled, mayGoOn } = runHooks(this.#onSigterm);
    this.#hooksMayGoOn = mayGoOn;
    await settled;
  }

  /** Resolves when no request of the hub is being worked on, and none can come. */
  async #hubIdle(): Promise<void> {
    const { client } = this.#parts;
    // The answer comes behind every request that the hub sent before it knew that this process takes no more.
    await client.peers({ id: client.location.id }).catch(() => {});
    await until(() => client.openRequests <= this.#answering);
  }

  /** A connection that does not speak HTTP any more would stay for ever. */
  #endUpgraded(): void {
    const { speaking } = this.#parts.servers;
    for (const socket of speaking) if (socket.parser === null) socket.end();
  }

  #connectionsEnded(): Promise<void> {
    return until(() => this.#parts.servers.connections.size === 0);
  }

  async #end(): Promise<void> {
    const { client } = this.#parts;
    await this.#deadline.race(this.#stopServices());
    await this.#deadline.race(this.plugins?.close().catch(complain) ?? Promise.resolve());
    // The answer to whoever asked leaves before the link ends.
    await nextTurn();
    this.#over = true;
    await this.#deadline.race(client.close(), FAREWELL_MS);
    const exit = (): never => process.exit(this.#exitCode);
    if (!this.#hooksMayGoOn) exit();
    // They may have more to do: the process ends by itself when nothing is left, or when its time is up.
    process.once("beforeExit", exit);
    void this.#deadline.passed.then(exit);
  }

  async #stopServices(): Promise<void> {
    const failures = await this.services?.stop(() => this.#deadline.remainingMs);
    for (const failure of failures ?? []) console.error(`elpis: ${failure.message}`);
  }
}

function until(test: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (!test()) return;
      clearInterval(timer);
      resolve();
    };
    const timer = setInterval(look, LOOK_MS);
    look();
  });
}

function complain(error: unknown): void {
  console.error("elpis: a plugin did not close:", error);
}
