import { statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { findEntry } from "./entry-file.ts";
import { Fields, isRecord, isTexts } from "./fields.ts";
import { POLICY_KEYS, readPolicies } from "./policies.ts";
import { readProbe } from "./probe.ts";
import type { Problems } from "./problems.ts";
import { servicesEntry } from "./services-entry.ts";
import type { ProcessDefinition, ReadyMode } from "./types.ts";

const COMMON = [
  ...["entry", "command", "env", "args", "nodeArgs", "cwd", "ready"],
  ...["readyTimeout", "stopTimeout", ...POLICY_KEYS],
];
const WORKER_ONLY = ["scale", "order", "dependsOn"];
const READY: readonly unknown[] = ["listen", "module", "message"];

/** What a process is defined relative to. */
export interface ProcessSource {
  readonly dir: string;
  readonly env: Readonly<Record<string, string>>;
  /** Whether a service runs in the process of that name, which then needs no program of its own. */
  isServed(process: string): boolean;
}

/** A definition whose order is not settled yet. */
export type ProcessDraft = Omit<ProcessDefinition, "order"> & {
  readonly order: number | undefined;
};

/** Checks one process and fills in its defaults. */
export function readProcess(
  name: string,
  role: "agent" | "worker",
  path: string,
  value: unknown,
  source: ProcessSource,
  problems: Problems,
): ProcessDraft | undefined {
  const given = typeof value === "string" ? { entry: value } : value;
  if (!isRecord(given)) {
    problems.expected(path, "an object, or a text that is its entry", value);
    return undefined;
  }
  const fields = new Fields(path, given, problems);
  fields.only(role === "agent" ? COMMON : [...COMMON, ...WORKER_ONLY]);
  const order = fields.raw("order");
  const program = readProgram(fields, source.dir, source.isServed(name), problems);
  return {
    name,
    role,
    ...program,
    scale: readScale(fields, problems),
    order: order === undefined ? undefined : fields.integer("order", Number.MIN_SAFE_INTEGER, 0),
    dependsOn: fields.texts("dependsOn"),
    env: { ...source.env, ...fields.env("env") },
    args: fields.texts("args"),
    nodeArgs: fields.texts("nodeArgs"),
    cwd: readCwd(fields, source.dir, problems),
    readyTimeoutMs: fields.duration("readyTimeout", 30_000, 1),
    stopTimeoutMs: fields.duration("stopTimeout", 10_000),
    ...readPolicies(fields, source.dir, program.command === undefined),
    services: [],
  };
}

type Program = Pick<ProcessDefinition, "entry" | "command" | "ready" | "readyProbe">;

function readProgram(fields: Fields, dir: string, isServed: boolean, problems: Problems): Program {
  const entry = fields.text("entry");
  const command = fields.read<string[] | undefined>(
    "command",
    "an array of texts that begins with a program",
    undefined,
    (found) => isTexts(found) && found.length > 0 && found[0] !== "",
  );
  const gave = [fields.raw("entry"), fields.raw("command")].filter((one) => one !== undefined);
  if (gave.length === 0 && isServed) return { entry: servicesEntry(), ...readReady(fields) };
  if (gave.length !== 1) {
    const got = gave.length === 0 ? "neither" : "both";
    problems.add(fields.path, `expected exactly one of entry and command, got ${got}`);
  }
  if (command !== undefined) return readCommand(fields, command, problems);
  const file = entry === undefined ? undefined : findEntry(resolve(dir, entry));
  if (entry !== undefined && file === undefined) {
    problems.expected(fields.at("entry"), `a file (looked for ${resolve(dir, entry)})`, entry);
  }
  return { ...(file !== undefined && { entry: file }), ...readReady(fields) };
}

type Ready = Pick<ProcessDefinition, "ready" | "readyProbe">;

function readReady(fields: Fields): Ready {
  if (isRecord(fields.raw("ready"))) return readReadyProbe(fields);
  const ready = fields.read<ReadyMode>(
    "ready",
    '"listen", "module", "message" or a probe',
    "module",
    (found) => READY.includes(found),
  );
  return { ready };
}

function readReadyProbe(fields: Fields): Ready {
  const readyProbe = readProbe(fields, "ready", 200);
  return readyProbe === undefined ? { ready: "probe" } : { ready: "probe", readyProbe };
}

function readCommand(fields: Fields, command: readonly string[], problems: Problems): Program {
  const keys = isRecord(fields.raw("ready")) ? ["nodeArgs"] : ["nodeArgs", "ready"];
  for (const key of keys) {
    if (fields.raw(key) === undefined) continue;
    problems.add(
      fields.at(key),
      "goes with entry only; a command is ready once it runs, or with a probe",
    );
  }
  return keys.includes("ready")
    ? { command, ready: "spawn" }
    : { command, ...readReadyProbe(fields) };
}

function readCwd(fields: Fields, dir: string, problems: Problems): string {
  const given = fields.text("cwd");
  const cwd = given === undefined ? dir : resolve(dir, given);
  if (given !== undefined && !statSync(cwd, { throwIfNoEntry: false })?.isDirectory()) {
    problems.expected(fields.at("cwd"), `a directory (looked for ${cwd})`, given);
  }
  return cwd;
}

function readScale(fields: Fields, problems: Problems): number {
  const found = fields.raw("scale");
  return found === undefined ? 1 : toScale(found, fields.at("scale"), problems);
}

/** Checks a number of instances; `"auto"` is what the machine can run at once. */
export function toScale(found: unknown, path: string, problems: Problems): number {
  if (found === "auto") return availableParallelism();
  if (Number.isSafeInteger(found) && (found as number) >= 0 && (found as number) <= 1024) {
    return found as number;
  }
  problems.expected(path, 'an integer from 0 to 1024, or "auto"', found);
  return 1;
}
