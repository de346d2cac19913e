import type { ProcessConfig } from "../config/types.ts";
import { type Category, categoryOf } from "./categories.ts";

type Settings = { -readonly [Key in keyof ProcessConfig]?: ProcessConfig[Key] };
type Variables = Readonly<Record<string, string | number | boolean>>;

/** Every key of a process as a method: it sets when it is given an argument, and reads when it is given none. */
type Accessors = {
  readonly [Key in keyof ProcessConfig]-?: {
    (): ProcessConfig[Key] | undefined;
    (value: NonNullable<ProcessConfig[Key]>): ProcessChain;
  };
};

/** One process of a procfile. Each method sets when it is given an argument, and reads when it is given none. */
export interface ProcessChain extends Omit<Accessors, "env"> {
  name(): string;
  /** Gives it another name; a declaration that has it already is replaced. */
  name(name: string): ProcessChain;
  /** Environment variables; numbers and booleans become texts. */
  env(): Readonly<Record<string, string>> | undefined;
  env(variables: Variables): ProcessChain;
  /** The same as `nodeArgs`. */
  readonly argv: Accessors["nodeArgs"];
  /** Takes the declaration back. */
  drop(): void;
}

/** What {@link ProcessChain} is about; a record, so that none can be forgotten. */
const KEYS: Readonly<Record<Exclude<keyof ProcessConfig, "env">, true>> = {
  ...{ entry: true, command: true, scale: true, order: true, dependsOn: true, args: true },
  ...{ nodeArgs: true, cwd: true, ready: true, readyTimeout: true, stopTimeout: true },
  ...{ restart: true, envFile: true, liveness: true, memoryLimit: true, maxAge: true },
  ...{ maxRequests: true, cron: true, uncaught: true, balance: true, reload: true },
  ...{ nice: true, limits: true, uid: true, gid: true },
};

/** The state behind a {@link ProcessChain}. */
export class ProcessEntry {
  readonly chain: ProcessChain;
  readonly settings: Settings = {};
  readonly #category: Category | undefined;
  #name: string;

  /** @param registry is told of a new name, and of the end of the declaration */
  constructor(
    name: string,
    registry: { rename(entry: ProcessEntry, name: string): void; drop(entry: ProcessEntry): void },
  ) {
    this.#name = name;
    this.#category = categoryOf(name);
    if (this.#category?.scale !== undefined) this.settings.scale = this.#category.scale;
    const chain: Record<string, unknown> = {
      name: (...given: readonly string[]) => {
        if (given.length === 0) return this.#name;
        registry.rename(this, given[0] as string);
        this.#name = given[0] as string;
        return this.chain;
      },
      drop: () => registry.drop(this),
      env: this.#accessor("env", toTexts),
      argv: this.#accessor("nodeArgs"),
    };
    for (const key of Object.keys(KEYS)) chain[key] = this.#accessor(key as keyof ProcessConfig);
    this.chain = chain as unknown as ProcessChain;
  }

  get name(): string {
    return this.#name;
  }

  /** Whether it has something to run by itself. */
  get hasProgram(): boolean {
    return this.settings.entry !== undefined || this.settings.command !== undefined;
  }

  /** What was set, as a configuration has it. */
  toConfig(): ProcessConfig {
    const { scale, order, env, ...rest } = this.settings;
    const variables = { ...this.#category?.env, ...env };
    const config = Object.keys(variables).length === 0 ? rest : { ...rest, env: variables };
    // There is one agent, and it starts first: saying so once more is no mistake.
    if (this.#name === "agent" && (scale ?? 1) === 1) return config;
    return {
      ...config,
      ...(scale !== undefined && { scale }),
      ...(order !== undefined && { order }),
    };
  }

  // Told by the number of arguments, so that order(0) and scale(0) set.
  #accessor(
    key: keyof ProcessConfig,
    convert: (value: unknown) => unknown = (value) => value,
  ): (...value: readonly unknown[]) => unknown {
    return (...value) => {
      if (value.length === 0) return this.settings[key];
      Object.assign(this.settings, { [key]: convert(value[0]) });
      return this.chain;
    };
  }
}

function toTexts(variables: unknown): unknown {
  if (typeof variables !== "object" || variables === null) return variables;
  const entries = Object.entries(variables).map(([name, value]) => [
    name,
    typeof value === "number" || typeof value === "boolean" ? String(value) : value,
  ]);
  return Object.fromEntries(entries);
}
