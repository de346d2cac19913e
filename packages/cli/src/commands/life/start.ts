import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { findRunning } from "../../apps.ts";
import type { CliContext } from "../../context.ts";
import { loadDefinition } from "../../definition.ts";
import { timedOut } from "../../errors.ts";
import { EXIT_CODES } from "../../exit-codes.ts";
import { refuseWhenRunning, within } from "../../foreground.ts";
import type { StartOptions } from "../../options.ts";
import { printJson, say } from "../../output/report.ts";
import { upLine } from "../../output/summary.ts";
import type { MasterStatus, ProcessStatus } from "../../preset.ts";
import { optionsOf, readRecord, type StartRecord } from "../../saved/start-record.ts";
import { spawnMaster } from "../../spawn-master.ts";

/** Each process has a bound of its own in the config; this one is for a master that does not say anything at all. */
const DEFAULT_TIMEOUT_MS = 300_000;

/**
 * Starts an app in the background and returns when every process is ready. When one is not, everything that had
 * started is stopped, and the error quotes the last lines that the process printed. With `process`, or for an app that
 * runs, it starts what is stopped or has failed there.
 */
export async function start(context: CliContext, options: StartOptions): Promise<number> {
  const begun = performance.now();
  const known = await knownApp(context, options);
  if (known === "running" || options.process !== undefined) {
    const { startProcesses } = await import("../change/restart.ts");
    return startProcesses(context, options, options.path);
  }
  const status =
    known === undefined
      ? await startApp(context, options)
      : await startApp({ ...context, cwd: known.cwd }, { ...options, ...optionsOf(known) });
  const tookMs = performance.now() - begun;
  if (options.json === true) printJson(context, { app: status });
  else say(context, `${upLine(status, tookMs)}; output: elpis logs ${status.app}`);
  return EXIT_CODES.ok.code;
}

/** What `elpis start shop` means where nothing on the disk is called like that: an app that runs, or that once did. */
async function knownApp(
  context: CliContext,
  { path, config, process: processes }: StartOptions,
): Promise<"running" | StartRecord | undefined> {
  if (path === undefined || config !== undefined || processes !== undefined) return undefined;
  if (existsSync(resolve(context.cwd, path))) return undefined;
  return (await findRunning(path)) === undefined ? readRecord(path) : "running";
}

/** Starts a master that lives on, and waits until all of its processes are ready. @throws as `start` */
export async function startApp(context: CliContext, options: StartOptions): Promise<MasterStatus> {
  const begun = performance.now();
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const definition = await within(loadDefinition(context, options), timeoutMs, () =>
    timedOut("reading the config", timeoutMs, "nothing was started"),
  );
  await refuseWhenRunning(definition);
  return await spawnMaster(context, {
    definition,
    options,
    timeoutMs,
    leftMs: Math.max(0, timeoutMs - (performance.now() - begun)),
    onProcess: (one) => printProgress(context, options, one),
  });
}

function printProgress(context: CliContext, options: StartOptions, one: ProcessStatus): void {
  if (options.json === true || !context.stderr.isTty || one.state !== "ready") return;
  say(context, `${one.name}.${one.index} is ready`);
}
