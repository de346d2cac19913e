import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { runtimeBase, runtimeDir } from "@elpis/core";
import { ensurePrivateDir } from "@elpis/core/internal";
import type { CliContext } from "./context.ts";
import { type Progress, SERVE } from "./detached.ts";
import { fromMaster, masterLost, timedOut } from "./errors.ts";
import { masterFile } from "./log/file.ts";
import type { StartOptions } from "./options.ts";
import { processRef, waitGone } from "./pids.ts";
import type { AppDefinition, MasterStatus, ProcessStatus } from "./preset.ts";
import { type Failing, failAtSignal } from "./until-signal.ts";

/** How long a master that was told to give up may take before it is killed. */
const GIVE_UP_MS = 15_000;
const QUOTED_LINES = 20;

/** What {@link spawnMaster} needs. */
export interface SpawnOptions {
  readonly definition: AppDefinition;
  readonly options: StartOptions;
  /** What the user allowed for the whole start; only told. */
  readonly timeoutMs: number;
  /** What is left of it. */
  readonly leftMs: number;
  readonly onProcess: (status: ProcessStatus) => void;
}

/**
 * Starts a master that lives on without us, and waits until it is ready.
 *
 * @throws what the master tells; ELPIS_HUB_UNSAFE_DIR, ELPIS_CLI_START_FAILED, ELPIS_CLI_TIMEOUT,
 * ELPIS_CLI_INTERRUPTED. Nothing of it is left then.
 */
export async function spawnMaster(
  context: CliContext,
  { definition, options, timeoutMs, leftMs, onProcess }: SpawnOptions,
): Promise<MasterStatus> {
  const child = launch(context, definition, options);
  const { name } = definition;
  const bound = failLater(leftMs, () =>
    timedOut(`the start of ${name}`, timeoutMs, "what had started is stopped"),
  );
  const signals = failAtSignal(context, `the start of ${name}`, "what had started is stopped");
  try {
    const status = await Promise.race([
      untilReady(child, name, onProcess),
      bound.failure,
      signals.failure,
    ]);
    letGo(child);
    return status;
  } catch (error) {
    await giveUp(child);
    throw error;
  } finally {
    bound.off();
    signals.off();
  }
}

function untilReady(
  child: ChildProcess,
  app: string,
  onProcess: (status: ProcessStatus) => void,
): Promise<MasterStatus> {
  return new Promise((resolve, reject) => {
    child.once("error", (error) => reject(masterLost(app, error.message, [])));
    child.once("exit", (code, signal) => {
      reject(masterLost(app, signal ?? `exit code ${code}`, lastLines(masterFile(app))));
    });
    child.on("message", (message) => {
      const progress = message as Progress;
      if (progress.type === "process") onProcess(progress.process);
      else if (progress.type === "ready") resolve(progress.status);
      else reject(fromMaster(progress.error, "ELPIS_CLI_START_FAILED"));
    });
  });
}

function failLater(afterMs: number, error: () => Error): Failing {
  let timer: NodeJS.Timeout | undefined;
  const failure = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(error()), afterMs);
  });
  return { failure, off: () => clearTimeout(timer) };
}

function launch(
  context: CliContext,
  definition: AppDefinition,
  options: StartOptions,
): ChildProcess {
  const file = masterFile(definition.name);
  ensurePrivateDir(runtimeBase());
  ensurePrivateDir(runtimeDir(definition.name));
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const output = openSync(file, "w", 0o600);
  try {
    return spawn(process.execPath, [...process.execArgv, context.bin, ...serveArgs(options)], {
      cwd: context.cwd,
      env: context.env,
      detached: true,
      windowsHide: true,
      stdio: ["ignore", output, output, "ipc"],
    });
  } finally {
    closeSync(output);
  }
}

function serveArgs(options: StartOptions): string[] {
  const { path, app, config, instances, verbose } = options;
  return [
    SERVE,
    ...(app === undefined ? [] : ["--app", app]),
    ...(config === undefined ? [] : ["--config", config]),
    ...(instances === undefined ? [] : ["--instances", String(instances)]),
    ...(verbose === true ? ["--verbose"] : []),
    ...(path === undefined ? [] : ["--", path]),
  ];
}

/** Tells the master to give up by closing its channel, and makes sure that it is gone. */
async function giveUp(child: ChildProcess): Promise<void> {
  const { pid } = child;
  if (child.connected) child.disconnect();
  if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ref = processRef(pid);
  const gone = await Promise.race([
    new Promise<true>((resolve) => child.once("exit", () => resolve(true))),
    waitGone(ref, GIVE_UP_MS),
  ]);
  // Its guardian takes care of what a killed master leaves.
  if (!gone) child.kill("SIGKILL");
}

function letGo(child: ChildProcess): void {
  child.removeAllListeners();
  if (child.connected) child.disconnect();
  child.unref();
}

function lastLines(file: string): string[] {
  try {
    const lines = readFileSync(file, "utf8").split("\n");
    return lines.filter((line) => line !== "").slice(-QUOTED_LINES);
  } catch {
    // The file is only there to explain; without it the exit code has to do.
    return [];
  }
}
