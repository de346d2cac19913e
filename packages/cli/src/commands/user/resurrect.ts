import { findRunning, withMaster } from "../../apps.ts";
import { asker } from "../../asker.ts";
import type { CliContext } from "../../context.ts";
import { someFailed } from "../../errors.ts";
import { EXIT_CODES, exitCodeOf } from "../../exit-codes.ts";
import type { CommonOptions } from "../../options.ts";
import { printJson, say } from "../../output/report.ts";
import { upLine } from "../../output/summary.ts";
import type { MasterStatus } from "../../preset.ts";
import { readSaved, type SavedApp, savedFile } from "../../saved/file.ts";
import { optionsOf } from "../../saved/start-record.ts";
import { startApp } from "../life/start.ts";

const SCALE_MS = 600_000;

/** Starts the apps that `save` has remembered, one after another; one that fails does not keep the others. */
export async function resurrect(context: CliContext, options: CommonOptions): Promise<number> {
  const started: MasterStatus[] = [];
  const skipped: string[] = [];
  const failed: Array<{ readonly app: string; readonly message: string }> = [];
  for (const saved of readSaved(savedFile(context.env))) {
    try {
      const status = await revive(context, options, saved);
      if (status === undefined) skipped.push(saved.app);
      else started.push(status);
      tell(context, options, saved.app, status);
    } catch (error) {
      failed.push({ app: saved.app, message: (error as Error).message });
    }
  }
  const failure = failed.length === 0 ? undefined : someFailed("the start", failed);
  if (options.json === true) printJson(context, { started, running: skipped, failed });
  else if (failure !== undefined) throw failure;
  return failure === undefined ? EXIT_CODES.ok.code : exitCodeOf(failure);
}

/** Returns undefined when it runs already. */
async function revive(
  context: CliContext,
  options: CommonOptions,
  saved: SavedApp,
): Promise<MasterStatus | undefined> {
  if ((await findRunning(saved.app)) !== undefined) return undefined;
  const { json, verbose, timeoutMs } = options;
  const own = { ...optionsOf(saved), json, verbose, timeoutMs };
  const status = await startApp({ ...context, cwd: saved.cwd }, own);
  const names = new Set(status.processes.map(({ name }) => name));
  const scale = Object.fromEntries(
    Object.entries(saved.scaled).filter(([name]) => names.has(name) || saved.scale[name] === 0),
  );
  if (Object.keys(scale).length === 0) return status;
  return await withMaster(status.app, SCALE_MS, async ({ client, call }) => {
    await client.request("elpis.scale", { scale, by: asker("resurrect") }, call);
    return await client.request("elpis.status", {}, call);
  });
}

function tell(
  context: CliContext,
  options: CommonOptions,
  app: string,
  status: MasterStatus | undefined,
): void {
  if (options.json === true) return;
  const tookMs = status === undefined ? 0 : Date.now() - status.startedAt;
  say(context, status === undefined ? `${app} runs already` : upLine(status, tookMs));
}
