import { basename, extname } from "node:path";
import { toName } from "../config/name.ts";
import type { AppConfig, ServiceConfig } from "../config/types.ts";
import { ALL, CATEGORY_NAMES, DEFAULT_CATEGORY } from "./categories.ts";
import { type Environment, type EnvironmentClass, makeEnvironment } from "./environment.ts";
import { NamedEntries } from "./named-entries.ts";
import { type ProcessChain, ProcessEntry } from "./process-chain.ts";
import { type ServiceChain, ServiceEntry } from "./service-chain.ts";

/** What a procfile is about. */
export interface ProcfileContext {
  readonly appName: string;
  /** Directory of the procfile. */
  readonly appDir: string;
  /** Whether the application runs for development. */
  readonly dev: boolean;
}

/** What the function of a procfile is given; the parameter may have any name. */
export interface Procfile extends ProcfileContext {
  /** The environment that the application runs in. */
  environment(): Environment;
  /** Puts one's own in its place, for the services as well. */
  environment(own: Environment | EnvironmentClass): void;
  /** Where services run that do not say where, `worker` to begin with. */
  defaultServiceCategory(): string;
  defaultServiceCategory(name: string): void;
  /**
   * The process with that name, declared by the first call. One without an entry is started once a service runs in it.
   */
  process(name: string): ProcessChain;
  /** A process that runs the given file. */
  fork(name: string, entry: string): ProcessChain;
  /** A service; a later one of the same name replaces it. Without an entry: the one that is there. */
  service(name: string, entry?: ServiceConfig["entry"]): ServiceChain;
  /** A service named after its file or class that starts after all others of its process. */
  applet(entry: ServiceConfig["entry"]): ServiceChain;
  /**
   * Runs the given file in the process for services (`worker`), ready once its server listens; in one of its own, as
   * many instances as the machine can run, when that one has a file already.
   */
  cluster(entry: string): ProcessChain;
}

/** Gathers what a procfile declares. */
export class Declarations implements Procfile {
  readonly appName: string;
  readonly appDir: string;
  readonly dev: boolean;
  readonly #processes = new NamedEntries<ProcessEntry>();
  readonly #services = new NamedEntries<ServiceEntry>();
  #defaultCategory = DEFAULT_CATEGORY;
  #environment: Environment | EnvironmentClass | undefined;

  constructor(context: ProcfileContext) {
    this.appName = context.appName;
    this.appDir = context.appDir;
    this.dev = context.dev;
    for (const name of CATEGORY_NAMES) this.process(name);
  }

  // Both forms of the interface: the overloads tell which one is meant.
  readonly environment: Procfile["environment"] = ((own?: Environment | EnvironmentClass) => {
    if (own !== undefined) this.#environment = own;
    const { appName, appDir } = this;
    return own === undefined ? makeEnvironment(this.#environment, { appName, appDir }) : undefined;
  }) as Procfile["environment"];

  readonly defaultServiceCategory: Procfile["defaultServiceCategory"] = ((name?: string) => {
    if (name === undefined) return this.#defaultCategory;
    this.#defaultCategory = name;
    return undefined;
  }) as Procfile["defaultServiceCategory"];

  process(name: string): ProcessChain {
    const found = this.#processes.find(name);
    return (found ?? this.#processes.add(new ProcessEntry(name, this.#processes))).chain;
  }

  fork(name: string, entry: string): ProcessChain {
    return this.process(name).entry(entry);
  }

  service(name: string, entry?: ServiceConfig["entry"]): ServiceChain {
    const found = entry === undefined ? this.#services.find(name) : undefined;
    if (found !== undefined) return found.chain;
    const category = (): string => this.#defaultCategory;
    const { chain } = this.#services.add(new ServiceEntry(name, this.#services, category));
    return entry === undefined ? chain : chain.entry(entry);
  }

  applet(entry: ServiceConfig["entry"]): ServiceChain {
    const name = typeof entry === "string" ? basename(entry, extname(entry)) : entry.name;
    const base = toName(name, "applet");
    return this.service(freeName(base, this.#services), entry).dependency(ALL);
  }

  cluster(entry: string): ProcessChain {
    const home = this.process(this.#defaultCategory);
    if (home.entry() === undefined) return home.entry(entry).ready("listen");
    const base = toName(basename(entry, extname(entry)), "cluster");
    const name = freeName(base, this.#processes);
    return this.process(name).entry(entry).scale("auto").ready("listen");
  }

  /** What is to be started, as a configuration has it. */
  toConfig(): AppConfig {
    const services = [...this.#services];
    const wanted = new Set(services.map((service) => service.process));
    const started = [...this.#processes].filter(
      ({ name, hasProgram }) => hasProgram || wanted.has(name) || wanted.has(ALL),
    );
    return {
      processes: Object.fromEntries(started.map((entry) => [entry.name, entry.toConfig()])),
      ...(services.length > 0 && {
        services: Object.fromEntries(services.map((entry) => [entry.name, entry.toConfig()])),
      }),
      ...(this.#environment !== undefined && { environment: this.#environment }),
    };
  }
}

function freeName(base: string, taken: { find(name: string): unknown }): string {
  let name = base;
  for (let number = 2; taken.find(name) !== undefined; number += 1) name = `${base}-${number}`;
  return name;
}
