import { hasCode } from "@elpis/api";
import {
  type AppRecord,
  appStatus,
  findApps,
  nameFromConfig,
  pickApp,
  withMaster,
} from "../../apps.ts";
import { asker } from "../../asker.ts";
import type { CliContext } from "../../context.ts";
import { formatDuration } from "../../duration.ts";
import { timedOut } from "../../errors.ts";
import { EXIT_CODES } from "../../exit-codes.ts";
import type { StopOptions } from "../../options.ts";
import { printJson, say } from "../../output/report.ts";
import { processRef, waitGone } from "../../pids.ts";

const DEFAULT_TIMEOUT_MS = 60_000;
/** A master that closes its hub at this moment is gone soon; one that does not listen for another reason stays. */
const UNASKED_WAIT_MS = 5000;
const HEARD = [
  ...["ELPIS_HUB_PEER_LOST", "ELPIS_HUB_CLOSED", "ELPIS_HUB_DEADLINE"],
  "ELPIS_CLI_TIMEOUT",
];

/** Stops an app and waits until its master is gone; with `process` only some processes of it. */
export async function stop(
  context: CliContext,
  options: StopOptions,
  named?: string,
): Promise<number> {
  if (options.process !== undefined) {
    const { stopProcesses } = await import("../change/restart.ts");
    return stopProcesses(context, options, named);
  }
  if (await stoppedOrphans(context, options, named)) return EXIT_CODES.ok.code;
  const app = await pickApp(context, options, named);
  const tookMs = await stopApp(app, options);
  if (options.json === true) printJson(context, { stopped: { app: app.name, pid: app.pid } });
  else say(context, `${app.name} is stopped (${formatDuration(tookMs)})`);
  return EXIT_CODES.ok.code;
}

/** Ends what goes on after its master has died (`survive`); false when there is nothing of the kind. */
async function stoppedOrphans(
  context: CliContext,
  options: StopOptions,
  named: string | undefined,
): Promise<boolean> {
  const dead = (await findApps()).filter((app) => !app.alive);
  if (dead.length === 0) return false;
  const name = named ?? options.app ?? (await nameFromConfig(context, options));
  const app = dead.find((one) => one.name.toLowerCase() === name?.toLowerCase());
  if (app === undefined) return false;
  const { endSurvivors } = await import("../../preset.ts");
  const pids = await endSurvivors(app.name, { now: options.now === true });
  if (pids.length === 0) return false;
  if (options.json === true) printJson(context, { stopped: { app: app.name, pid: app.pid, pids } });
  else
    say(
      context,
      `${app.name} had no master any more; its processes are stopped (pid ${pids.join(", ")})`,
    );
  return true;
}

/** Returns how long it took, in milliseconds. @throws ELPIS_CLI_TIMEOUT, with what is left */
export async function stopApp(app: AppRecord, options: StopOptions): Promise<number> {
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const begun = performance.now();
  const master = processRef(app.pid);
  const wasAsked = await requestStop(app, options.now === true, timeoutMs);
  const restMs = Math.max(0, timeoutMs - (performance.now() - begun));
  if (!(await waitGone(master, wasAsked ? restMs : Math.min(restMs, UNASKED_WAIT_MS)))) {
    throw timedOut(`the stop of ${app.name}`, timeoutMs, await whatIsLeft(app));
  }
  return performance.now() - begun;
}

/** Returns whether the master has heard it. */
async function requestStop(app: AppRecord, now: boolean, timeoutMs: number): Promise<boolean> {
  try {
    await withMaster(app.name, timeoutMs, ({ client, call }) =>
      client.request("elpis.stop", { now, by: asker("stop") }, call),
    );
    return true;
  } catch (error) {
    // A master that is faster than its answer, or that was stopping already, is what was asked for. A deadline is
    // reported with what is left.
    if (HEARD.some((code) => hasCode(error, code))) return true;
    if (hasCode(error, "ELPIS_HUB_UNREACHABLE")) return false;
    throw error;
  }
}

async function whatIsLeft(app: AppRecord): Promise<string> {
  const hint = `try: elpis stop ${app.name} --now, or: kill -9 ${app.pid}`;
  try {
    const { processes } = await appStatus(app.name, 2000);
    const left = processes.filter((one) => one.pid !== undefined);
    const names = left.map((one) => `${one.name}.${one.index} (pid ${one.pid}, ${one.state})`);
    return `left: ${names.join(", ")}; ${hint}`;
  } catch {
    return `its master (pid ${app.pid}) is there but does not answer; ${hint}`;
  }
}
