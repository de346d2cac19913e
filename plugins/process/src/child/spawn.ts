import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseEnv } from "node:util";
import type { KeptOutput, OutputStream, PluginUse } from "@elpis/api";
import { hasTypeScript, isTypeScript } from "../config/evaluate.ts";
import type { AppDefinition, ProcessDefinition } from "../config/types.ts";
import { IDENTITY, JOINING } from "../environment.ts";
import { bootstrapMissing, envFileUnreadable } from "../errors.ts";
import type { Outfit } from "../survive/survival.ts";

/** How often a process says how it is when nobody looks whether it is alive, but its requests are counted. */
const COUNTING_MS = 1000;

/** What is started. */
export interface SpawnRequest {
  readonly app: AppDefinition;
  readonly process: ProcessDefinition;
  readonly index: number;
  /** What its entry loads besides services. */
  readonly modules?: readonly string[];
  /** What it takes along when it is to outlive its master. */
  readonly outfit?: Outfit | undefined;
  /** Where it writes to, when somebody else keeps that. */
  readonly kept?: KeptOutput | undefined;
}

/** Where a child has its end of the socket to the hub. */
export function hubFdOf(definition: ProcessDefinition): 3 | 4 {
  return definition.command === undefined ? 4 : 3;
}

/**
 * Starts one process of the application in a process group of its own.
 *
 * @throws ELPIS_PROCESS_BOOTSTRAP_MISSING, ELPIS_PROCESS_ENV_FILE, and what the system says of arguments it cannot take
 */
export function spawnChild(request: SpawnRequest): ChildProcess {
  try {
    return start(request);
  } catch (error) {
    // One that could not be started has written nothing.
    void request.kept?.ended();
    throw error;
  }
}

function start(request: SpawnRequest): ChildProcess {
  const { command, uid, gid } = request.process;
  const [program, args] =
    command === undefined ? nodeCommand(request) : [command[0] as string, command.slice(1)];
  const { stdout, stderr } = outputOf(request);
  const options: SpawnOptions = {
    // 3 is Node's own channel, over which listening sockets travel; it comes first because Node wants it so.
    stdio:
      command === undefined
        ? ["ignore", stdout, stderr, "ipc", "pipe"]
        : ["ignore", stdout, stderr, "pipe"],
    detached: process.platform !== "win32",
    windowsHide: true,
    cwd: request.process.cwd,
    env: childEnv(request),
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
  };
  return spawn(program, [...args, ...request.process.args], options);
}

/** A pipe breaks with the master: who writes to it then ends. */
function outputOf({ outfit, kept }: SpawnRequest): Record<OutputStream, "pipe" | number> {
  if (kept !== undefined) return kept;
  if (outfit === undefined) return { stdout: "pipe", stderr: "pipe" };
  const { stdout, stderr } = outfit.streams;
  return { stdout: stdout.writeFd, stderr: stderr.writeFd };
}

function nodeCommand(request: SpawnRequest): [string, string[]] {
  const { app, process: definition, modules = [] } = request;
  const entry = definition.entry as string;
  const services = app.services.filter(({ name }) => definition.services.includes(name));
  const loaded = [entry, ...modules, ...services.map((service) => service.entry ?? "")];
  const needsJiti = loaded.some(isTypeScript) && !hasTypeScript();
  const args = [
    ...definition.nodeArgs,
    ...(needsJiti ? ["--import", jitiRegisterUrl()] : []),
    // Last, so that the entry begins as soon as it is done: it tells readiness by that.
    ...["--import", bootstrapUrl()],
    entry,
  ];
  return [process.execPath, args];
}

/**
 * The variables of a process of the application, without those that only its bootstrap reads.
 *
 * @throws ELPIS_PROCESS_ENV_FILE
 */
export function variablesOf({ app, process: definition, index }: SpawnRequest): NodeJS.ProcessEnv {
  return {
    ...process.env,
    ...Object.assign({}, ...definition.envFiles.map(readEnvFile)),
    ...definition.env,
    [IDENTITY.app]: app.name,
    [IDENTITY.name]: definition.name,
    [IDENTITY.index]: String(index),
  };
}

function readEnvFile(file: string): NodeJS.Dict<string> {
  try {
    return parseEnv(readFileSync(file, "utf8"));
  } catch (error) {
    throw envFileUnreadable(file, error);
  }
}

function childEnv(request: SpawnRequest): NodeJS.ProcessEnv {
  const { app, process: definition, outfit } = request;
  const reads = readsConfig(app, definition);
  return {
    ...variablesOf(request),
    [JOINING.hubFd]: String(hubFdOf(definition)),
    [JOINING.ready]: definition.ready,
    [JOINING.stopTimeoutMs]: String(definition.stopTimeoutMs),
    [JOINING.readyTimeoutMs]: String(definition.readyTimeoutMs),
    [JOINING.heartbeatMs]: String(heartbeatMsOf(definition)),
    [JOINING.uncaught]: definition.uncaught,
    [JOINING.configFile]: reads ? app.file : undefined,
    [JOINING.configReading]: reads ? JSON.stringify(app.reading ?? {}) : undefined,
    // Another program would hand it on to whomever it starts.
    [JOINING.returning]: definition.command === undefined ? outfit?.returning : undefined,
  };
}

/** How often a process says how it is; 0: never. */
function heartbeatMsOf({ liveness, maxRequests }: ProcessDefinition): number {
  if (liveness !== false) return liveness.intervalMs;
  return maxRequests === undefined ? 0 : COUNTING_MS;
}

/** Whether a process has plugins or services, for which it reads the configuration as well. */
function readsConfig(app: AppDefinition, { role, services }: ProcessDefinition): boolean {
  if (app.file === app.dir) return false;
  if (services.length > 0) return true;
  const runsHere = ({ definition }: PluginUse): boolean => definition.roles.includes(role);
  return app.reading?.pluginRoles.includes(role) ?? app.plugins.some(runsHere);
}

// The built file, whether this runs from src/ (tests) or from dist/.
function bootstrapUrl(): string {
  const places = ["./boot/bootstrap.js", "../../dist/boot/bootstrap.js"].map(
    (path) => new URL(path, import.meta.url),
  );
  const found = places.find((url) => existsSync(url));
  if (found === undefined) throw bootstrapMissing(places.map((url) => fileURLToPath(url)));
  return found.href;
}

function jitiRegisterUrl(): string {
  // `import.meta.resolve` is not there when a test runner evaluates this file; the register entry has no `require` form.
  const main = createRequire(import.meta.url).resolve("jiti/package.json");
  return new URL("./lib/jiti-register.mjs", pathToFileURL(main)).href;
}
