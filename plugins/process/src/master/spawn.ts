import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { hasTypeScript, isTypeScript } from "../config/evaluate.ts";
import type { AppDefinition, ProcessDefinition } from "../config/types.ts";
import { IDENTITY, JOINING } from "../environment.ts";
import { bootstrapMissing } from "../errors.ts";

/** What is started. */
export interface SpawnRequest {
  readonly app: AppDefinition;
  readonly process: ProcessDefinition;
  readonly index: number;
}

/** Where a child has its end of the socket to the hub. */
export function hubFdOf(definition: ProcessDefinition): 3 | 4 {
  return definition.command === undefined ? 4 : 3;
}

/**
 * Starts one process of the application in a process group of its own.
 *
 * @throws ELPIS_PROCESS_BOOTSTRAP_MISSING, and what the system says of arguments it cannot take
 */
export function spawnChild(request: SpawnRequest): ChildProcess {
  const { command } = request.process;
  const [program, args] =
    command === undefined ? nodeCommand(request.process) : [command[0] as string, command.slice(1)];
  const options: SpawnOptions = {
    // 3 is Node's own channel, over which listening sockets travel; it comes first because Node wants it so.
    stdio:
      command === undefined
        ? ["ignore", "pipe", "pipe", "ipc", "pipe"]
        : ["ignore", "pipe", "pipe", "pipe"],
    detached: process.platform !== "win32",
    windowsHide: true,
    cwd: request.process.cwd,
    env: childEnv(request),
  };
  return spawn(program, [...args, ...request.process.args], options);
}

function nodeCommand(definition: ProcessDefinition): [string, string[]] {
  const entry = definition.entry as string;
  const needsJiti = isTypeScript(entry) && !hasTypeScript();
  const args = [
    ...definition.nodeArgs,
    ...(needsJiti ? ["--import", jitiRegisterUrl()] : []),
    // Last, so that the entry begins as soon as it is done: it tells readiness by that.
    ...["--import", bootstrapUrl()],
    entry,
  ];
  return [process.execPath, args];
}

function childEnv({ app, process: definition, index }: SpawnRequest): NodeJS.ProcessEnv {
  const withPlugins = app.plugins.length > 0 && app.file !== app.dir;
  return {
    ...process.env,
    ...definition.env,
    [JOINING.hubFd]: String(hubFdOf(definition)),
    [JOINING.ready]: definition.ready,
    [JOINING.stopTimeoutMs]: String(definition.stopTimeoutMs),
    [JOINING.configFile]: withPlugins ? app.file : undefined,
    [IDENTITY.app]: app.name,
    [IDENTITY.name]: definition.name,
    [IDENTITY.index]: String(index),
  };
}

// The built file, whether this runs from src/ (tests) or from dist/.
function bootstrapUrl(): string {
  const places = ["./bootstrap.js", "../../dist/bootstrap.js"].map(
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
