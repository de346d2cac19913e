import {
  define,
  defineApp,
  definePath,
  instances,
  queueOption,
  type Raw,
  type Registrar,
  tidy,
  withProcesses,
} from "../../command-line.ts";
import { SERVE } from "../../detached.ts";
import type { RunOptions, StartOptions, StopOptions } from "../../options.ts";

/** The commands that begin and end apps. */
export function registerLife({ program, context, chosen }: Registrar): void {
  definePath(program, "run", "run in the foreground, for containers and service managers").action(
    (path: string | undefined, raw: Raw<RunOptions>) =>
      chosen(async () => {
        const { run } = await import("./run.ts");
        return run(context, { ...(await tidy(raw)), path });
      }),
  );
  definePath(program, "dev", "run in the foreground, start again when a file changes").action(
    (path: string | undefined, raw: Raw<RunOptions>) =>
      chosen(async () => {
        const { dev } = await import("./dev.ts");
        return dev(context, { ...(await tidy(raw)), path });
      }),
  );
  registerStart({ program, context, chosen });
  withProcesses(defineApp(program, "stop", "stop an app, or some of its processes"))
    .option("--now", "do not wait for what is under way")
    .addOption(queueOption())
    .action((app: string | undefined, raw: Raw<StopOptions>) =>
      chosen(async () => {
        const { stop } = await import("./stop.ts");
        return stop(context, await tidy(raw), app);
      }),
    );
}

function registerStart({ program, context, chosen }: Registrar): void {
  const own = "how many processes a script gets, or auto";
  withProcesses(define(program, "start", "run in the background; returns when all is ready"))
    .argument("[path|app]", "directory, config file or script; or an app that once ran")
    .option("-i, --instances <count>", own, instances)
    .option("--name <name>", "name of the app; the same as --app")
    .addOption(queueOption())
    .action((path: string | undefined, raw: Raw<StartOptions>) =>
      chosen(async () => {
        const { start } = await import("./start.ts");
        return start(context, { ...(await tidy(raw)), path });
      }),
    );
  definePath(program, SERVE, "internal: the master that start detaches", true)
    .option("-i, --instances <count>", own, instances)
    .action((path: string | undefined, raw: Raw<StartOptions>) =>
      chosen(async () => {
        const { serve } = await import("./serve.ts");
        return serve(context, { ...(await tidy(raw)), path });
      }),
    );
}
