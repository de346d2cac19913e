import { statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { Fields, isRecord, isTexts } from "./fields.ts";
import type { Problems } from "./problems.ts";
import type { ProcessDefinition, ReadyMode, RestartPolicy } from "./types.ts";

const COMMON = [
  ...["entry", "command", "env", "args", "nodeArgs", "cwd", "ready"],
  ...["readyTimeout", "stopTimeout", "restart"],
];
const WORKER_ONLY = ["scale", "order", "dependsOn"];
const RESTART = ["intensity", "period", "minDelay", "maxDelay", "stableAfter"];
const READY: readonly unknown[] = ["listen", "module", "message"];
const EXTENSIONS = ["", ".js", ".mjs", ".cjs", ".ts", ".mts", ".cts"];

/** What a process is defined relative to. */
export interface ProcessSource {
  readonly dir: string;
  readonly env: Readonly<Record<string, string>>;
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
  return {
    name,
    role,
    ...readProgram(fields, source.dir, problems),
    scale: readScale(fields, problems),
    order: order === undefined ? undefined : fields.integer("order", Number.MIN_SAFE_INTEGER, 0),
    dependsOn: fields.texts("dependsOn"),
    env: { ...source.env, ...fields.env("env") },
    args: fields.texts("args"),
    nodeArgs: fields.texts("nodeArgs"),
    cwd: readCwd(fields, source.dir, problems),
    readyTimeoutMs: fields.duration("readyTimeout", 30_000, 1),
    stopTimeoutMs: fields.duration("stopTimeout", 10_000),
    restart: readRestart(fields, problems),
  };
}

type Program = Pick<ProcessDefinition, "entry" | "command" | "ready">;

function readProgram(fields: Fields, dir: string, problems: Problems): Program {
  const entry = fields.text("entry");
  const command = fields.read<string[] | undefined>(
    "command",
    "an array of texts that begins with a program",
    undefined,
    (found) => isTexts(found) && found.length > 0 && found[0] !== "",
  );
  const gave = [fields.raw("entry"), fields.raw("command")].filter((one) => one !== undefined);
  if (gave.length !== 1) {
    const got = gave.length === 0 ? "neither" : "both";
    problems.add(fields.path, `expected exactly one of entry and command, got ${got}`);
  }
  if (command !== undefined) return readCommand(fields, command, problems);
  const ready = fields.read<ReadyMode>(
    "ready",
    '"listen", "module" or "message"',
    "module",
    (found) => READY.includes(found),
  );
  const file = entry === undefined ? undefined : findEntry(resolve(dir, entry));
  if (entry !== undefined && file === undefined) {
    problems.expected(fields.at("entry"), `a file (looked for ${resolve(dir, entry)})`, entry);
  }
  return { ...(file !== undefined && { entry: file }), ready };
}

function readCommand(fields: Fields, command: readonly string[], problems: Problems): Program {
  for (const key of ["nodeArgs", "ready"]) {
    if (fields.raw(key) !== undefined) {
      problems.add(fields.at(key), "goes with entry only; a command is ready once it runs");
    }
  }
  return { command, ready: "spawn" };
}

function findEntry(path: string): string | undefined {
  return EXTENSIONS.map((extension) => path + extension).find((file) =>
    statSync(file, { throwIfNoEntry: false })?.isFile(),
  );
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

function readRestart(fields: Fields, problems: Problems): RestartPolicy | false {
  const found = fields.raw("restart") ?? {};
  if (found === false) return false;
  if (!isRecord(found)) {
    problems.expected(fields.at("restart"), "an object or false", found);
    return false;
  }
  const restart = new Fields(fields.at("restart"), found, problems);
  restart.only(RESTART);
  const periodMs = restart.duration("period", 10_000, 1);
  const minDelayMs = restart.duration("minDelay", 100);
  const maxDelayMs = restart.duration("maxDelay", Math.max(30_000, minDelayMs));
  if (maxDelayMs < minDelayMs) {
    problems.add(
      restart.at("maxDelay"),
      `is ${maxDelayMs} ms, less than minDelay (${minDelayMs} ms)`,
    );
  }
  return {
    intensity: restart.integer("intensity", 0, 5),
    periodMs,
    minDelayMs,
    maxDelayMs,
    stableAfterMs: restart.duration("stableAfter", periodMs),
  };
}
