import {
  type Capability,
  type Client,
  errorToData,
  type Location,
  type Logger,
  type Off,
  type PluginHost,
  type PluginUse,
} from "@elpis/api";
import { pluginError } from "../errors.ts";

const DEFAULT_TIMEOUT_MS = 10_000;

/** What all plugins of a process share. */
export interface PluginWorld {
  readonly client: Client;
  readonly log: Logger;
  /** What has been provided, by capability. */
  readonly values: Map<string, unknown>;
}

/** One plugin from setup to close. It is the `host` that the plugin sees. */
export class RunningPlugin implements PluginHost {
  readonly hub: Client;
  readonly location: Location;
  readonly log: Logger;
  readonly #use: PluginUse;
  readonly #world: PluginWorld;
  readonly #abort = new AbortController();
  readonly #readyTasks: Array<() => unknown> = [];
  readonly #closeTasks: Array<() => unknown> = [];
  #isClosed = false;

  constructor(use: PluginUse, world: PluginWorld) {
    this.#use = use;
    this.#world = world;
    this.hub = world.client;
    this.location = world.client.location;
    this.log = world.log.child({ plugin: use.definition.name });
  }

  get name(): string {
    return this.#use.definition.name;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get<Value>(token: Capability<Value>): Value {
    if (!has(this.#use.definition.needs, token)) throw this.#undeclared("needs", token);
    return this.#world.values.get(token.id) as Value;
  }

  find<Value>(token: Capability<Value>): Value | undefined {
    const { needs, wants } = this.#use.definition;
    if (!has(needs, token) && !has(wants, token)) throw this.#undeclared("wants", token);
    return this.#world.values.get(token.id) as Value | undefined;
  }

  provide<Value>(token: Capability<Value>, value: Value): void {
    if (!has(this.#use.definition.provides, token)) throw this.#undeclared("provides", token);
    this.#world.values.set(token.id, value);
  }

  every(intervalMs: number, task: () => unknown): Off {
    if (this.#isClosed) return () => {};
    let timer: NodeJS.Timeout | undefined;
    const run = async (): Promise<void> => {
      try {
        await task();
      } catch (error) {
        this.log.error("a repeated task failed", { error: errorToData(error, true) });
      }
      if (timer !== undefined) arm();
    };
    const arm = (): void => {
      timer = setTimeout(() => void run(), intervalMs);
      timer.unref();
    };
    const off = (): void => {
      clearTimeout(timer);
      timer = undefined;
    };
    arm();
    this.onClose(off);
    return off;
  }

  onReady(task: () => unknown): void {
    this.#readyTasks.push(task);
  }

  onClose(task: () => unknown): void {
    if (this.#isClosed) void this.#runLate(task);
    else this.#closeTasks.push(task);
  }

  /** @throws ELPIS_PLUGIN_SETUP, ELPIS_PLUGIN_TIMEOUT, ELPIS_PLUGIN_NOT_PROVIDED */
  async setup(): Promise<void> {
    const { definition, options } = this.#use;
    await this.#step("setup", "SETUP", () => definition.setup(this, options));
    for (const { id } of definition.provides ?? []) {
      if (!this.#world.values.has(id)) {
        throw pluginError("NOT_PROVIDED", this.name, `says that it provides "${id}" and did not`);
      }
    }
  }

  async ready(): Promise<void> {
    for (const task of this.#readyTasks) await this.#step("onReady", "SETUP", task);
  }

  /** Runs all close tasks, last first; returns what failed. */
  async close(): Promise<Error[]> {
    this.#isClosed = true;
    this.#abort.abort();
    const failures: Error[] = [];
    for (const task of this.#closeTasks.reverse()) {
      try {
        await this.#step("onClose", "CLOSE", task);
      } catch (error) {
        failures.push(error as Error);
      }
    }
    return failures;
  }

  /** A setup that took too long goes on after its plugin was closed; what it opens is closed at once. */
  async #runLate(task: () => unknown): Promise<void> {
    try {
      await this.#step("onClose", "CLOSE", task);
    } catch (error) {
      this.log.error((error as Error).message);
    }
  }

  async #step(step: string, code: string, task: () => unknown): Promise<void> {
    const { timeoutMs = DEFAULT_TIMEOUT_MS } = this.#use.definition;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.#abort.abort();
        reject(pluginError("TIMEOUT", this.name, `did not finish ${step} within ${timeoutMs} ms`));
      }, timeoutMs);
    });
    try {
      await Promise.race([this.#run(step, code, task), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #run(step: string, code: string, task: () => unknown): Promise<void> {
    try {
      await task();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw pluginError(code, this.name, `failed in ${step}: ${reason}`, cause);
    }
  }

  #undeclared(list: string, { id }: Capability<unknown>): Error {
    return pluginError("UNDECLARED", this.name, `uses "${id}", which is not in its \`${list}\``);
  }
}

function has(
  tokens: readonly Capability<unknown>[] | undefined,
  token: Capability<unknown>,
): boolean {
  return tokens?.some(({ id }) => id === token.id) ?? false;
}
