import type { ServiceDefinition } from "../config/types.ts";
import { bounded } from "./bounded.ts";
import { makeContext, type ServiceWorld } from "./context.ts";
import { waitElsewhere } from "./elsewhere.ts";
import { serviceCycle } from "./errors.ts";
import { findCircle, startOrder } from "./order.ts";
import { RunningService, type ServiceParts } from "./running.ts";
import type { ServiceStatus } from "./types.ts";

const START_TIMEOUT_MS = 30_000;
/** What services that stop leave of the time of the process, for its plugins and its farewell, in milliseconds. */
const FAREWELL_MS = 200;
/** A service whose turn comes too late is told all the same, and given this long, in milliseconds. */
const LEAST_STOP_MS = 50;

/** What a process has besides its own services. */
export interface ServicesOptions {
  readonly world: Omit<ServiceWorld, "services">;
  readonly parts: readonly ServiceParts[];
  /** All of the application. */
  readonly definitions: readonly ServiceDefinition[];
  /** How long all of them together may take to start. */
  readonly startWithinMs: number;
}

/** The services of this process. */
export class Services {
  readonly world: ServiceWorld;
  readonly #options: ServicesOptions;
  /** In start order. */
  readonly #services: readonly RunningService[];
  #starting: Promise<void> | undefined;
  #stopping: Promise<readonly Error[]> | undefined;

  /** @throws ELPIS_SERVICE_CYCLE */
  constructor(options: ServicesOptions) {
    const circle = findCircle(options.parts);
    if (circle !== undefined) throw serviceCycle(circle);
    this.#options = options;
    this.#services = startOrder(options.parts).map((parts) => new RunningService(parts));
    this.world = { ...options.world, services: this.#services };
  }

  /** In start order. */
  status(): ServiceStatus[] {
    return this.#services.map((service) => service.status());
  }

  /**
   * Starts one after the other. When one fails, those that had started are stopped.
   *
   * @returns false when a stop came between
   * @throws ELPIS_SERVICE_FAILED, ELPIS_SERVICE_TIMEOUT, ELPIS_SERVICE_WAIT
   */
  async start(): Promise<boolean> {
    const end = performance.now() + this.#options.startWithinMs;
    for (const service of this.#services) {
      if (this.#stopping !== undefined) return false;
      this.#starting = this.#startOne(service, end);
      try {
        await this.#starting;
      } catch (error) {
        if (this.#stopping !== undefined) return false;
        await this.stop(() => Math.max(end - performance.now(), 1000));
        throw error;
      }
    }
    return this.#stopping === undefined;
  }

  /**
   * Stops all that had started, the last one first.
   *
   * @param leftMs how much time there is left
   * @returns what went wrong; nothing of it keeps the others from being stopped
   */
  stop(leftMs: () => number): Promise<readonly Error[]> {
    this.#stopping ??= this.#stop(leftMs);
    return this.#stopping;
  }

  async #startOne(service: RunningService, end: number): Promise<void> {
    const left = (): number => Math.max(1, Math.round(end - performance.now()));
    const { timeoutMs = START_TIMEOUT_MS } = service.parts;
    for (const needs of this.#elsewhere(service)) {
      const { client } = this.world;
      await waitElsewhere(client, service.name, needs, Math.min(timeoutMs, left()));
    }
    await service.start(
      (config) => makeContext(this.world, service, config),
      Math.min(timeoutMs, left()),
      (name, object, methods) =>
        this.world.client.publish(name, object as Record<string, () => void>, { methods }),
    );
  }

  #elsewhere(service: RunningService): ServiceDefinition[] {
    return service.dependsOn.flatMap((name) => {
      if (this.#services.some((one) => one.name === name)) return [];
      return this.#options.definitions.find((one) => one.name === name) ?? [];
    });
  }

  async #stop(leftMs: () => number): Promise<readonly Error[]> {
    const left = (): number => Math.max(LEAST_STOP_MS, leftMs() - FAREWELL_MS);
    // One that is just starting is not stopped in the middle of it while there is time.
    const starting = this.#starting ?? Promise.resolve();
    await bounded(() => starting.catch(() => {}), left());
    const failures: Error[] = [];
    for (const service of [...this.#services].reverse()) {
      const timeoutMs = Math.min(service.parts.timeoutMs ?? left(), left());
      await service.stop(Math.round(timeoutMs)).catch((error: Error) => failures.push(error));
    }
    return failures;
  }
}
