import type { Duration } from "@elpis/api";
import type { ServiceConfig } from "../config/types.ts";
import type { ConfigFunction, ServiceContext } from "../services/types.ts";

/** One service of a procfile. Each method sets when it is given an argument, and reads when it is given none. */
export interface ServiceChain {
  name(): string;
  /** Gives it another name; a declaration that has it already is replaced. */
  name(name: string): ServiceChain;
  /** A file relative to the procfile, a class, or a function that gives one. */
  entry(): ServiceConfig["entry"] | undefined;
  entry(entry: ServiceConfig["entry"]): ServiceChain;
  /** Where it runs: the name of a process, `all`, or `weak-all`. */
  process(): string;
  process(category: string): ServiceChain;
  /**
   * What it finds as `context.config`. A function is called when the service is made, with its context and with what was
   * set before.
   */
  config(): unknown;
  config(config: ConfigFunction | unknown): ServiceChain;
  /** Services that must have started before it; each call adds. */
  dependency(): readonly string[];
  dependency(names: string | readonly string[]): ServiceChain;
  /** Others may call it over the hub, by its name. */
  publish(published?: boolean): ServiceChain;
  /** How long `start()` and `stop()` may take, each. */
  timeout(): Duration | undefined;
  timeout(duration: Duration): ServiceChain;
  /** Takes the declaration back. */
  drop(): void;
}

/** Who is told of a new name, and of the end of a declaration. */
interface Registry {
  rename(entry: ServiceEntry, name: string): void;
  drop(entry: ServiceEntry): void;
}

/** The state behind a {@link ServiceChain}. */
export class ServiceEntry {
  readonly chain: ServiceChain;
  readonly #defaultCategory: () => string;
  readonly #dependsOn: string[] = [];
  #name: string;
  #entry: ServiceConfig["entry"] | undefined;
  #process: string | undefined;
  #config: unknown;
  #publish = false;
  #timeout: Duration | undefined;

  constructor(name: string, registry: Registry, defaultCategory: () => string) {
    this.#name = name;
    this.#defaultCategory = defaultCategory;
    const rename = (to: string): void => {
      registry.rename(this, to);
      this.#name = to;
    };
    const chain: Record<keyof ServiceChain, unknown> = {
      name: this.#accessor(() => this.#name, rename),
      entry: this.#accessor(
        () => this.#entry,
        (entry: ServiceConfig["entry"]) => {
          this.#entry = entry;
        },
      ),
      process: this.#accessor(
        () => this.process,
        (category: string) => {
          this.#process = category;
        },
      ),
      config: this.#accessor(
        () => this.#config,
        (config: unknown) => {
          this.#config = onTop(this.#config, config);
        },
      ),
      dependency: this.#accessor(
        () => [...this.#dependsOn],
        (names: string | readonly string[]) => this.#depend([names].flat()),
      ),
      timeout: this.#accessor(
        () => this.#timeout,
        (duration: Duration) => {
          this.#timeout = duration;
        },
      ),
      publish: (published = true) => {
        this.#publish = published === true;
        return this.chain;
      },
      drop: () => registry.drop(this),
    };
    this.chain = chain as unknown as ServiceChain;
  }

  get name(): string {
    return this.#name;
  }

  get process(): string {
    return this.#process ?? this.#defaultCategory();
  }

  /** What was set, as a configuration has it. */
  toConfig(): ServiceConfig {
    return {
      // Without one the check of the configuration says what is missing.
      entry: this.#entry as ServiceConfig["entry"],
      process: this.process,
      dependsOn: [...this.#dependsOn],
      publish: this.#publish,
      ...(this.#config !== undefined && { config: this.#config }),
      ...(this.#timeout !== undefined && { timeout: this.#timeout }),
    };
  }

  #depend(names: readonly string[]): void {
    for (const name of names) if (!this.#dependsOn.includes(name)) this.#dependsOn.push(name);
  }

  #accessor<Value>(
    read: () => unknown,
    set: (value: Value) => void,
  ): (...value: readonly Value[]) => unknown {
    return (...value) => {
      if (value.length === 0) return read();
      set(value[0] as Value);
      return this.chain;
    };
  }
}

/** A function on top of what was there sees that as its `old`; anything else replaces it. */
export function onTop(below: unknown, above: unknown): unknown {
  if (typeof above !== "function" || below === undefined) return above;
  const top = above as ConfigFunction;
  return async (context: ServiceContext, old: unknown): Promise<unknown> => {
    const before =
      typeof below === "function" ? await (below as ConfigFunction)(context, old) : below;
    return top(context, before);
  };
}
