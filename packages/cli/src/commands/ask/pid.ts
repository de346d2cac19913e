import { appStatus, findRunning, pickApp } from "../../apps.ts";
import type { CliContext } from "../../context.ts";
import { EXIT_CODES } from "../../exit-codes.ts";
import type { CommonOptions } from "../../options.ts";
import { printJson } from "../../output/report.ts";
import { matching } from "./matching.ts";

/** Prints pids, one a line: of the master of an app, or of the processes that a name means. */
export async function pid(
  context: CliContext,
  options: CommonOptions,
  named?: string,
): Promise<number> {
  const byName = named === undefined ? undefined : await findRunning(named);
  const isApp = named === undefined || (options.app === undefined && byName !== undefined);
  const app = isApp && byName !== undefined ? byName : await pickApp(context, options, undefined);
  const pids = isApp ? [app.pid] : await pidsOf(app.name, named, options.timeoutMs);
  if (options.json === true) {
    printJson(context, { app: app.name, ...(!isApp && { process: named }), pids });
  } else for (const one of pids) context.stdout.line(String(one));
  return EXIT_CODES.ok.code;
}

async function pidsOf(
  app: string,
  wanted: string,
  timeoutMs: number | undefined,
): Promise<number[]> {
  const { processes } = await appStatus(app, timeoutMs);
  return matching(processes, wanted).flatMap((one) => (one.pid === undefined ? [] : [one.pid]));
}
