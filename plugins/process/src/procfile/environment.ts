/** What the application runs in, as its code may ask. */
export interface Environment {
  /** A variable: `env`, `appName`, `appDir`, `processName`, or one of the process's own. */
  get(name: string): unknown;
  /** Whether it is the environment of that name. */
  match(name: string): boolean;
}

/** An environment of one's own: made with the variables that are known. */
export type EnvironmentClass = new (variables: Readonly<Record<string, unknown>>) => Environment;

const NAMES: Readonly<Record<string, string>> = {
  "": "development",
  ...{ dev: "development", development: "development", local: "development" },
  ...{ test: "test", testing: "test", unittest: "test" },
  ...{ pre: "prepub", prepub: "prepub" },
  ...{ prod: "production", production: "production" },
};

/** The name of an environment: short forms become long ones, none at all is `development`. */
export function environmentName(given: string | undefined): string {
  const name = (given ?? "").trim().toLowerCase();
  return Object.hasOwn(NAMES, name) ? (NAMES[name] as string) : name;
}

/** The environment that NODE_ENV names. */
class DefaultEnvironment implements Environment {
  readonly #variables: Readonly<Record<string, unknown>>;

  constructor(variables: Readonly<Record<string, unknown>> = {}) {
    this.#variables = { env: environmentName(process.env.NODE_ENV), ...variables };
  }

  get(name: string): unknown {
    return Object.hasOwn(this.#variables, name) ? this.#variables[name] : process.env[name];
  }

  match(name: string): boolean {
    return environmentName(name) === environmentName(String(this.#variables.env));
  }
}

/** The environment of one's own, or the default one. */
export function makeEnvironment(
  own: Environment | EnvironmentClass | undefined,
  variables: Readonly<Record<string, unknown>>,
): Environment {
  if (own === undefined) return new DefaultEnvironment(variables);
  if (typeof own !== "function") return own;
  return new own({ env: environmentName(process.env.NODE_ENV), ...variables });
}
