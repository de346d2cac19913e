import type { Off } from "@elpis/api";
import { bounded, LATE } from "./bounded.ts";
import { methodsToPublish } from "./class.ts";
import { type ServiceStep, serviceFailed, serviceTimeout } from "./errors.ts";
import type {
  ConfigFunction,
  Service,
  ServiceClass,
  ServiceContext,
  ServiceState,
  ServiceStatus,
} from "./types.ts";

/** What a service is made of, once its class is loaded. */
export interface ServiceParts {
  readonly name: string;
  readonly serviceClass: ServiceClass;
  /** Static and declared, together. */
  readonly dependsOn: readonly string[];
  /** A value, or a {@link ConfigFunction}. */
  readonly config: unknown;
  readonly publish: boolean;
  /** For `start()`; for `stop()` only when it was given. */
  readonly timeoutMs: number | undefined;
}

/** The life of one service. */
export class RunningService {
  readonly parts: ServiceParts;
  readonly #published = new Map<string, Off>();
  #state: ServiceState = "noinstance";
  #instance: Service | undefined;
  #startMs: number | undefined;
  #error: string | undefined;

  constructor(parts: ServiceParts) {
    this.parts = parts;
  }

  get name(): string {
    return this.parts.name;
  }

  get dependsOn(): readonly string[] {
    return this.parts.dependsOn;
  }

  get state(): ServiceState {
    return this.#state;
  }

  /** undefined before it is made. */
  get instance(): Service | undefined {
    return this.#instance;
  }

  status(): ServiceStatus {
    return {
      name: this.name,
      state: this.#state,
      dependencies: this.dependsOn,
      published: this.#published.has(this.name),
      ...(this.#startMs !== undefined && { startMs: this.#startMs }),
      ...(this.#error !== undefined && { error: this.#error }),
    };
  }

  /**
   * Makes and starts it, and publishes it.
   *
   * @param makeContext gives the context for a configuration
   * @throws ELPIS_SERVICE_FAILED, ELPIS_SERVICE_TIMEOUT; it is stopped by {@link stop} then as well
   */
  async start(
    makeContext: (config: unknown) => ServiceContext,
    timeoutMs: number,
    publish: (name: string, object: object, methods: readonly string[]) => Promise<Off>,
  ): Promise<void> {
    const began = performance.now();
    const left = (): number => Math.max(1, Math.round(timeoutMs - (performance.now() - began)));
    const config = await this.#run("config", left(), timeoutMs, () => this.#config(makeContext));
    const { serviceClass } = this.parts;
    await this.#run("constructor", left(), timeoutMs, () => {
      this.#instance = new serviceClass(makeContext(config) as never) as Service;
    });
    this.#state = "instanced";
    this.#state = "booting";
    await this.#run("start", left(), timeoutMs, () => this.#instance?.start?.());
    this.#startMs = Math.round(performance.now() - began);
    if (this.parts.publish) {
      const instance = this.#instance as Service;
      await this.#run("publish", left(), timeoutMs, async () => {
        this.addPublished(
          this.name,
          await publish(this.name, instance, methodsToPublish(instance)),
        );
      });
    }
    this.#state = "booted";
  }

  /** @throws ELPIS_SERVICE_FAILED, ELPIS_SERVICE_TIMEOUT */
  async stop(timeoutMs: number): Promise<void> {
    if (this.#instance === undefined || ["stopping", "stopped"].includes(this.#state)) return;
    const hadStarted = ["booting", "booted", "failed"].includes(this.#state);
    this.#state = "stopping";
    for (const name of [...this.#published.keys()]) this.unpublish(name);
    if (hadStarted) {
      await this.#run("stop", timeoutMs, timeoutMs, () => this.#instance?.stop?.());
    }
    this.#state = "stopped";
  }

  /** Keeps what ends a publication, to be called when the service stops. */
  addPublished(name: string, off: Off): void {
    this.unpublish(name);
    this.#published.set(name, off);
  }

  unpublish(name: string): void {
    const off = this.#published.get(name);
    this.#published.delete(name);
    off?.();
  }

  async #config(makeContext: (config: unknown) => ServiceContext): Promise<unknown> {
    const { config } = this.parts;
    if (typeof config !== "function") return config;
    return (config as ConfigFunction)(makeContext(undefined), undefined);
  }

  async #run<Value>(
    step: ServiceStep,
    leftMs: number,
    timeoutMs: number,
    work: () => Value | Promise<Value>,
  ): Promise<Value> {
    let result: Value | typeof LATE;
    try {
      result = await bounded(work, leftMs);
    } catch (cause) {
      throw this.#fail(serviceFailed(this.name, step, cause));
    }
    if (result === LATE) throw this.#fail(serviceTimeout(this.name, step, timeoutMs));
    return result as Value;
  }

  #fail<Failure extends Error>(error: Failure): Failure {
    this.#state = "failed";
    this.#error = error.message;
    return error;
  }
}
