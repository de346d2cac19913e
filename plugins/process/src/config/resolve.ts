import { resolve } from "node:path";
import type { PluginUse } from "@elpis/api";
import { ALL, WEAK_ALL } from "../procfile/categories.ts";
import { didYouMean } from "./closest.ts";
import { Fields, isRecord } from "./fields.ts";
import { readGroups } from "./groups.ts";
import { defaultAppName, isName, NAME_RULE } from "./name.ts";
import { startOrder } from "./order.ts";
import { Problems } from "./problems.ts";
import { type ProcessDraft, type ProcessSource, readProcess } from "./process.ts";
import { placeServices } from "./service-order.ts";
import { readServices, wantedProcesses, withCategories } from "./services.ts";
import type { AppConfig, AppDefinition, ProcessDefinition } from "./types.ts";

const KEYS = [
  ...["name", "agent", "processes", "plugins", "env"],
  ...["services", "groups", "survive", "hub", "environment"],
];

/** Where a configuration comes from. */
export interface ConfigSource {
  /** Named in errors. */
  readonly file: string;
  /** What relative paths are relative to; absolute. */
  readonly dir: string;
  /** Which file a key comes from, where it is another one. */
  readonly fileOf?: (path: string) => string | undefined;
}

/** Gives a configuration its type; changes nothing. */
export function defineConfig(config: AppConfig): AppConfig {
  return config;
}

/**
 * Checks a configuration and fills in everything that it leaves out.
 *
 * @throws ELPIS_CONFIG_INVALID with every problem: the key, what was expected there, and what was found
 */
export function resolveConfig(config: AppConfig, source: ConfigSource): AppDefinition {
  const problems = new Problems(source.fileOf);
  if (!isRecord(config)) {
    problems.expected("default export", "an object (see defineConfig) or a function", config);
    problems.throwIfAny(source.file);
  }
  const fields = new Fields("", config as unknown as Record<string, unknown>, problems);
  fields.only(KEYS);
  const name = readName(fields, source.dir);
  const env = fields.env("env");
  const plugins = readPlugins(fields, problems);
  const about = { dir: source.dir, env, hasGuests: plugins.some(wantsAgent) };
  const declared = readProcesses(fields, about, problems);
  const services = readServices(fields, source.dir, declared, problems);
  const processes = inOrder(placeServices(declared, services, problems), problems);
  const groups = readGroups(fields, processes);
  checkEnvironment(fields);
  const survive = fields.read("survive", "true or false", false, (found) => {
    return typeof found === "boolean";
  });
  const hub = readHub(fields, source.dir);
  problems.throwIfAny(source.file);
  const { dir, file } = source;
  return { name, dir, file, processes, plugins, services, groups, survive, env, hub };
}

function checkEnvironment(fields: Fields): void {
  fields.read(
    "environment",
    "a class or an object with get(name) and match(name)",
    undefined,
    (found) => {
      const methods = typeof found === "function" ? found.prototype : found;
      const { get, match } = (methods ?? {}) as Record<string, unknown>;
      return typeof get === "function" && typeof match === "function";
    },
  );
}

function readHub(fields: Fields, dir: string): AppDefinition["hub"] {
  const hub = fields.inner("hub", "an object");
  if (hub === undefined) return {};
  hub.only(["jobsDir", "limits"]);
  const jobsDir = hub.text("jobsDir");
  // What its bounds may be is the hub's to say.
  const limits = hub.read<AppDefinition["hub"]["limits"]>(
    "limits",
    "an object of bounds",
    undefined,
    isRecord,
  );
  return {
    ...(jobsDir !== undefined && { jobsDir: resolve(dir, jobsDir) }),
    ...(limits !== undefined && { limits }),
  };
}

function readName(fields: Fields, dir: string): string {
  const fallback = defaultAppName(dir);
  return fields.read("name", NAME_RULE, fallback, isName);
}

/** `hasGuests`: whether plugins run in the agent, which is then there without being declared. */
function readProcesses(
  fields: Fields,
  { hasGuests, ...about }: Pick<ProcessSource, "dir" | "env"> & { readonly hasGuests: boolean },
  problems: Problems,
): ProcessDraft[] {
  const given = fields.raw("processes") ?? {};
  if (!isRecord(given)) {
    problems.expected("processes", "an object of processes by name", given);
    return [];
  }
  const wanted = wantedProcesses(fields.raw("services"));
  const declared = withCategories(given, fields.raw("agent") !== undefined, wanted);
  const isServed = (name: string): boolean =>
    wanted.has(name) || wanted.has(ALL) || (name === "agent" && hasGuests);
  const source = { ...about, isServed };
  const named = fields.raw("agent") ?? declared.agent;
  const agent = named ?? (hasGuests ? {} : undefined);
  const workers = Object.entries(declared).filter(([name]) => name !== "agent");
  if (fields.raw("agent") !== undefined && declared.agent !== undefined) {
    problems.add("processes.agent", "the agent is declared twice, here and as agent");
  }
  if (named === undefined && workers.length === 0) {
    problems.expected("processes", "at least one process", declared);
  }
  const path = fields.raw("agent") === undefined ? "processes.agent" : "agent";
  return [
    ...(agent === undefined ? [] : [readProcess("agent", "agent", path, agent, source, problems)]),
    ...workers.map(([name, value]) => {
      checkProcessName(name, problems);
      return readProcess(name, "worker", `processes.${name}`, value, source, problems);
    }),
  ].filter((draft) => draft !== undefined);
}

function checkProcessName(name: string, problems: Problems): void {
  if (!isName(name)) problems.expected(`processes.${name}`, NAME_RULE, name);
  if (name.toLowerCase() === "master") {
    problems.add(`processes.${name}`, "the name is that of the master itself; choose another");
  }
  if (name === ALL || name === WEAK_ALL) {
    problems.add(`processes.${name}`, "the name means every process; choose another");
  }
}

function inOrder(drafts: readonly ProcessDraft[], problems: Problems): ProcessDefinition[] {
  const names = drafts.map((draft) => draft.name);
  for (const draft of drafts) {
    for (const other of draft.dependsOn) {
      if (names.includes(other)) continue;
      const path = `processes.${draft.name}.dependsOn`;
      const known = `names of other processes (${names.join(", ")})`;
      problems.expected(path, `${known}${didYouMean(other, names)}`, other);
    }
  }
  const agent = drafts.filter((draft) => draft.role === "agent");
  const workers = drafts.filter((draft) => draft.role === "worker");
  return [
    ...agent.map((draft) => ({ ...draft, order: 0 })),
    ...startOrder(workers, problems).map(({ item, order }) => ({ ...item, order })),
  ];
}

function readPlugins(fields: Fields, problems: Problems): readonly PluginUse[] {
  const found = fields.raw("plugins") ?? [];
  if (!Array.isArray(found)) {
    problems.expected("plugins", "an array of plugins, such as [metrics()]", found);
    return [];
  }
  found.forEach((plugin: unknown, at) => {
    if (isPluginUse(plugin)) return;
    const hint = typeof plugin === "function" ? " (call it: what it returns belongs here)" : "";
    problems.expected(`plugins[${at}]`, `a plugin with its options${hint}`, plugin);
  });
  return found.filter(isPluginUse);
}

function wantsAgent({ definition }: PluginUse): boolean {
  return definition.agent !== "optional" && definition.roles.includes("agent");
}

function isPluginUse(value: unknown): boolean {
  return isRecord(value) && typeof value.apiLevel === "number" && isRecord(value.definition);
}
