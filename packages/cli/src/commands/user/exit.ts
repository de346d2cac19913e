import { type AppRecord, findApps } from "../../apps.ts";
import type { CliContext } from "../../context.ts";
import { someFailed } from "../../errors.ts";
import { EXIT_CODES, exitCodeOf } from "../../exit-codes.ts";
import type { StopOptions } from "../../options.ts";
import { printJson, say } from "../../output/report.ts";
import { stopApp } from "../life/stop.ts";

/** Stops every app of this user, all at the same time. */
export async function exit(context: CliContext, options: StopOptions): Promise<number> {
  const running = (await findApps()).filter((app) => app.alive);
  const failed: Array<{ readonly app: string; readonly message: string }> = [];
  const stopped: Array<Pick<AppRecord, "pid"> & { readonly app: string }> = [];
  await Promise.all(
    running.map(async (app) => {
      try {
        await stopApp(app, options);
        stopped.push({ app: app.name, pid: app.pid });
        if (options.json !== true) say(context, `${app.name} is stopped`);
      } catch (error) {
        failed.push({ app: app.name, message: (error as Error).message });
      }
    }),
  );
  const failure = failed.length === 0 ? undefined : someFailed("the stop", failed);
  if (options.json === true) printJson(context, { stopped, failed });
  else if (failure !== undefined) throw failure;
  else if (running.length === 0) say(context, "no app is running");
  return failure === undefined ? EXIT_CODES.ok.code : exitCodeOf(failure);
}
