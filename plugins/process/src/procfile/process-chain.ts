import type { ProcessConfig, ReadyMode } from "../config/types.ts";

/** One process of a procfile. Each method sets when it is given an argument, and reads when it is given none. */
export interface ProcessChain {
  name(): string;
  /** The file it runs, relative to the procfile. */
  entry(): string | undefined;
  entry(file: string): ProcessChain;
  /** How many instances, or `"auto"`. */
  scale(): number | "auto" | undefined;
  scale(count: number | "auto"): ProcessChain;
  /** Processes with a lower number start earlier. */
  order(): number | undefined;
  order(number: number): ProcessChain;
  /** Environment variables; numbers and booleans become texts. */
  env(): Readonly<Record<string, string>> | undefined;
  env(variables: Readonly<Record<string, string | number | boolean>>): ProcessChain;
  args(): readonly string[] | undefined;
  args(list: readonly string[]): ProcessChain;
  /** Options for Node itself. */
  nodeArgs(): readonly string[] | undefined;
  nodeArgs(list: readonly string[]): ProcessChain;
  /** When it counts as ready. */
  ready(): ReadyMode | undefined;
  ready(mode: ReadyMode): ProcessChain;
  /** Takes the declaration back. */
  drop(): void;
}

type Settings = Pick<
  ProcessConfig,
  "entry" | "scale" | "order" | "env" | "args" | "nodeArgs" | "ready"
>;

/** The state behind a {@link ProcessChain}. */
export class ProcessEntry implements ProcessChain {
  readonly #name: string;
  readonly #settings: Settings = {};
  #dropped = false;

  readonly entry: ProcessChain["entry"] = this.#accessor("entry");
  readonly scale: ProcessChain["scale"] = this.#accessor("scale");
  readonly order: ProcessChain["order"] = this.#accessor("order");
  readonly args: ProcessChain["args"] = this.#accessor("args");
  readonly nodeArgs: ProcessChain["nodeArgs"] = this.#accessor("nodeArgs");
  readonly ready: ProcessChain["ready"] = this.#accessor("ready");
  readonly env: ProcessChain["env"] = this.#accessor("env", toTexts);

  constructor(name: string) {
    this.#name = name;
  }

  name(): string {
    return this.#name;
  }

  get dropped(): boolean {
    return this.#dropped;
  }

  drop(): void {
    this.#dropped = true;
  }

  /** What was set, as a configuration has it. */
  toConfig(): ProcessConfig {
    const { scale, order, ...rest } = this.#settings;
    // There is one agent, and it starts first: saying so once more is no mistake.
    if (this.#name === "agent" && (scale ?? 1) === 1) return rest;
    return this.#settings;
  }

  // Told by the number of arguments, so that order(0) and scale(0) set.
  #accessor<Key extends keyof Settings>(
    key: Key,
    convert: (value: unknown) => unknown = (value) => value,
  ): ProcessChain[Key] {
    const access = (...value: readonly unknown[]): unknown => {
      if (value.length === 0) return this.#settings[key];
      Object.assign(this.#settings, { [key]: convert(value[0]) });
      return this;
    };
    return access as unknown as ProcessChain[Key];
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
