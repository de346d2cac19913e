import {
  ALL,
  CATEGORY_NAMES,
  categoryOf,
  DEFAULT_CATEGORY,
  WEAK_ALL,
} from "../procfile/categories.ts";
import { isServiceClass, staticDependencies } from "../services/class.ts";
import { didYouMean } from "./closest.ts";
import { findModule } from "./entry-file.ts";
import { Fields, isRecord, isTexts } from "./fields.ts";
import { isName, NAME_RULE } from "./name.ts";
import type { Problems } from "./problems.ts";
import type { ProcessDraft } from "./process.ts";
import type { ProcessConfig, ServiceDefinition } from "./types.ts";

const KEYS = ["entry", "process", "config", "dependsOn", "publish", "timeout"];

/** Names of the processes, or categories, that services want to run in. */
export function wantedProcesses(services: unknown): ReadonlySet<string> {
  if (!isRecord(services)) return new Set();
  const wanted = Object.values(services).map((service) =>
    isRecord(service) ? (service.process ?? DEFAULT_CATEGORY) : DEFAULT_CATEGORY,
  );
  return new Set(wanted.filter((name) => typeof name === "string"));
}

/** What is declared, and those processes that are there as soon as a service wants to run in them. */
export function withCategories(
  declared: Readonly<Record<string, unknown>>,
  hasAgent: boolean,
  wanted: ReadonlySet<string>,
): Readonly<Record<string, unknown>> {
  const missing = CATEGORY_NAMES.filter(
    (name) => wanted.has(name) && !(name in declared) && !(name === "agent" && hasAgent),
  );
  const added = missing.map((name): [string, ProcessConfig] => {
    const { env = {}, scale } = categoryOf(name) ?? {};
    return [name, { env: { ...env }, ...(scale !== undefined && { scale }) }];
  });
  return { ...declared, ...Object.fromEntries(added) };
}

/** Checks the services; `processes` is what there is to run them in. */
export function readServices(
  fields: Fields,
  dir: string,
  processes: readonly ProcessDraft[],
  problems: Problems,
): ServiceDefinition[] {
  const declared = fields.inner("services", "an object of services by name");
  if (declared === undefined) return [];
  return declared.keys.flatMap((name) => {
    const given = declared.raw(name);
    const value =
      typeof given === "string" || typeof given === "function" ? { entry: given } : given;
    const path = declared.at(name);
    if (!isName(name)) problems.expected(path, NAME_RULE, name);
    if (name === ALL) problems.add(path, "the name means every service; choose another");
    if (!isRecord(value)) {
      problems.expected(path, "an object, or a text that is its entry", given);
      return [];
    }
    const service = new Fields(path, value, problems);
    service.only(KEYS);
    return [readService(name, service, { dir, processes, services: declared.keys })];
  });
}

interface Surroundings {
  readonly dir: string;
  readonly processes: readonly ProcessDraft[];
  readonly services: readonly string[];
}

function readService(name: string, fields: Fields, around: Surroundings): ServiceDefinition {
  const { file, dependencies } = readEntry(fields, around.dir);
  const timeoutMs = fields.optionalDuration("timeout", 1);
  const declared = readDependencies(fields, around.services);
  return {
    name,
    ...(file !== undefined && { entry: file }),
    processes: readPlaces(fields, around.processes),
    dependsOn: [...new Set([...declared, ...dependencies])],
    publish: fields.read("publish", "true or false", false, (found) => typeof found === "boolean"),
    ...(timeoutMs !== undefined && { timeoutMs }),
  };
}

function readEntry(
  fields: Fields,
  dir: string,
): { readonly file?: string; readonly dependencies: readonly string[] } {
  const entry = fields.raw("entry");
  if (typeof entry === "function") {
    return { dependencies: isServiceClass(entry) ? staticDependencies(entry) : [] };
  }
  const file = typeof entry === "string" ? findModule(dir, entry) : undefined;
  if (file === undefined) {
    fields.wrong("entry", `a module (relative to ${dir}), a class, or a function that gives one`);
    return { dependencies: [] };
  }
  return { file, dependencies: [] };
}

function readDependencies(fields: Fields, services: readonly string[]): readonly string[] {
  const names = fields.raw("dependsOn") ?? [];
  if (!isTexts(names)) {
    fields.wrong("dependsOn", "an array of names of services");
    return [];
  }
  const unknown = names.find((name) => name !== ALL && !services.includes(name));
  if (unknown !== undefined) {
    const hint = didYouMean(unknown, services);
    fields.wrong("dependsOn", `names of services (${services.join(", ")})${hint}`);
  }
  return names;
}

function readPlaces(fields: Fields, processes: readonly ProcessDraft[]): readonly string[] {
  const nodes = processes.filter(({ command }) => command === undefined);
  const wanted = fields.text("process") ?? DEFAULT_CATEGORY;
  if (wanted === ALL || wanted === WEAK_ALL) return nodes.map(({ name }) => name);
  const found = processes.find(({ name }) => name === wanted);
  if (found === undefined) {
    const names = [...processes.map(({ name }) => name), ...CATEGORY_NAMES, ALL, WEAK_ALL];
    const known = [...new Set(names)];
    const hint = didYouMean(wanted, known);
    fields.wrong("process", `the name of a process (${known.join(", ")})${hint}`);
  } else if (found.command !== undefined) {
    fields.problem(`${wanted} runs a command; services run in processes of Node`, "process");
  }
  return [wanted];
}
