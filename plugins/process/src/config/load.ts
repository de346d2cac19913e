import { basename, extname, resolve } from "node:path";
import { evaluateProcfile, type ProcfileFunction } from "../procfile/evaluate.ts";
import { evaluateConfig } from "./evaluate.ts";
import { type Found, findApp } from "./find.ts";
import { defaultAppName, isName, NAME_RULE, toName } from "./name.ts";
import { Problems } from "./problems.ts";
import { toScale } from "./process.ts";
import { resolveConfig } from "./resolve.ts";
import type { AppConfig, AppDefinition, ProcessDefinition } from "./types.ts";

/** What {@link loadConfig} may be told. */
export interface LoadOptions {
  /** A directory, a configuration file, or a script such as `app.js`; relative to `cwd`. @default cwd */
  readonly path?: string;
  /** @default process.cwd() */
  readonly cwd?: string;
  /** Name of the application, whatever the configuration says. */
  readonly name?: string;
  /** Instances of the one process of the application. */
  readonly scale?: number | "auto";
  /** For development: one instance of everything, and `dev` is true in a procfile. @default false */
  readonly dev?: boolean;
}

/**
 * Finds, evaluates and checks the configuration of an application.
 *
 * @throws ELPIS_CONFIG_NOT_FOUND, ELPIS_CONFIG_LOAD_FAILED, ELPIS_CONFIG_INVALID
 */
export async function loadConfig(options: LoadOptions = {}): Promise<AppDefinition> {
  const cwd = resolve(options.cwd ?? process.cwd());
  const found = findApp(resolve(cwd, options.path ?? "."));
  const config =
    found.kind === "script" ? scriptConfig(found, cwd, options) : await fileConfig(found, options);
  return adjust(resolveConfig(config, found), options);
}

function scriptConfig(found: Found, cwd: string, options: LoadOptions): AppConfig {
  const name = toName(basename(found.file, extname(found.file)), "main");
  const taken = ["agent", "master"].includes(name.toLowerCase());
  const ready = options.scale === undefined ? "module" : "listen";
  return { processes: { [taken ? "main" : name]: { entry: found.file, cwd, ready } } };
}

async function fileConfig(found: Found, options: LoadOptions): Promise<AppConfig> {
  const value = await evaluateConfig(found.file);
  if (typeof value !== "function") return (await value) as AppConfig;
  return evaluateProcfile(value as ProcfileFunction, found.file, {
    appName: options.name ?? defaultAppName(found.dir),
    appDir: found.dir,
    dev: options.dev ?? false,
  });
}

/** What the command line says goes before what the configuration says. */
function adjust(definition: AppDefinition, options: LoadOptions): AppDefinition {
  const problems = new Problems();
  const { name = definition.name, dev = false } = options;
  if (!isName(name)) problems.expected("name (option)", NAME_RULE, name);
  let processes = definition.processes;
  if (options.scale !== undefined) processes = rescale(processes, options.scale, problems);
  problems.throwIfAny(definition.file);
  if (dev) processes = processes.map((one) => ({ ...one, scale: Math.min(one.scale, 1) }));
  return { ...definition, name, processes };
}

function rescale(
  processes: readonly ProcessDefinition[],
  wanted: number | "auto",
  problems: Problems,
): readonly ProcessDefinition[] {
  const scale = toScale(wanted, "scale (option)", problems);
  const workers = processes.filter((one) => one.role === "worker");
  if (workers.length !== 1) {
    const names = workers.map((one) => one.name).join(", ");
    const has = workers.length === 0 ? "this one has none" : `this one has ${names}`;
    problems.add("scale (option)", `goes with an application of one process; ${has}`);
  }
  return processes.map((one) => (one.role === "worker" ? { ...one, scale } : one));
}
