import { type Command, Option } from "commander";
import { define, defineApp, type Raw, type Registrar, tidy, whole } from "../../command-line.ts";
import type { CommonOptions, ErrorsOptions, LogsOptions, MetricsOptions } from "../../options.ts";
import type { Level } from "../../preset.ts";

/** Written down here, too: to show help, no plugin is loaded. */
const LEVELS: readonly Level[] = ["trace", "debug", "info", "warn", "error", "fatal"];

/** The commands that ask how things are. */
export function registerAsk(registrar: Registrar): void {
  const { program, context, chosen } = registrar;
  define(program, "list", "show the apps of this user")
    .alias("ls")
    .action((raw: Raw<CommonOptions>) =>
      chosen(async () => {
        const { list } = await import("./list.ts");
        return list(context, await tidy(raw));
      }),
    );
  define(program, "show", "show everything about one process")
    .argument("<process>", "a process: web.1; web is its first")
    .action((wanted: string, raw: Raw<CommonOptions>) =>
      chosen(async () => {
        const { show } = await import("./show.ts");
        return show(context, await tidy(raw), wanted);
      }),
    );
  defineApp(program, "ps", "show the processes of an app").action(
    (app: string | undefined, raw: Raw<CommonOptions>) =>
      chosen(async () => {
        const { ps } = await import("./ps.ts");
        return ps(context, await tidy(raw), app);
      }),
  );
  define(program, "pid", "print pids: of the master of an app, or of processes")
    .argument("[app|process]", "an app, or a process: web, web.1")
    .action((named: string | undefined, raw: Raw<CommonOptions>) =>
      chosen(async () => {
        const { pid } = await import("./pid.ts");
        return pid(context, await tidy(raw), named);
      }),
    );
  registerLogs(registrar);
  registerNumbers(registrar);
  registerReporters(registrar);
}

function registerLogs({ program, context, chosen }: Registrar): void {
  defineApp(program, "logs", "show what an app in the background printed")
    .option("-n, --lines <count>", "how many of the last lines (default 50)", whole(0))
    .option("-f, --follow", "go on printing what comes")
    .option("--process <name>", "only this process: web, or web.1")
    .addOption(new Option("--stream <stream>", "only this stream").choices(["stdout", "stderr"]))
    .addOption(new Option("--level <level>", "only what is at least so serious").choices(LEVELS))
    .option("--grep <regexp>", "only lines in which it is found")
    .option("--since <time>", "only lines since then: 10m, or 2026-01-31T12:00")
    .option("--rotate", "put the files aside, in an app with the logs plugin")
    .option("--reopen", "open the files anew after somebody moved them, in such an app")
    .action((app: string | undefined, raw: Raw<LogsOptions>) =>
      chosen(async () => {
        const { logs } = await import("./logs.ts");
        return logs(context, await tidy(raw), app);
      }),
    );
}

function registerNumbers({ program, context, chosen }: Registrar): void {
  defineApp(program, "health", "say how every process is; ends with 0 when all is well").action(
    (app: string | undefined, raw: Raw<CommonOptions>) =>
      chosen(async () => {
        const { health } = await import("./health.ts");
        return health(context, await tidy(raw), app);
      }),
  );
  defineApp(program, "errors", "show the newest errors of all processes")
    .option("-n, --lines <count>", "how many of the newest (default 20)", whole(0))
    .option("-f, --follow", "go on printing what comes")
    .option("--stack", "with their stacks")
    .action((app: string | undefined, raw: Raw<ErrorsOptions>) =>
      chosen(async () => {
        const { errors } = await import("./errors.ts");
        return errors(context, await tidy(raw), app);
      }),
    );
  defineApp(program, "metrics", "show the numbers of every process")
    .option("-w, --watch", "again and again")
    .option("--interval <duration>", "pause between two (default 2s)")
    .option("-g, --group <name>", "what the metrics plugin has in this group")
    .option("--groups", "which groups the metrics plugin has")
    .action((app: string | undefined, raw: Raw<MetricsOptions>) =>
      chosen(async () => {
        const { metrics } = await import("./metrics.ts");
        return metrics(context, await tidy(raw), app);
      }),
    );
}

function registerReporters({ program, context, chosen }: Registrar): void {
  const command = define(program, "reporters", "show how the reporters of an app are, or try one")
    .argument("[app]", "name of a running app")
    .action((app: string | undefined, raw: Raw<CommonOptions>) =>
      chosen(async () => {
        const { reporters } = await import("./reporters.ts");
        return reporters(context, await tidy(raw), app);
      }),
    );
  define(command, "test", "send a sample to a reporter, and say what came back")
    .argument("<reporter>", "name of a reporter")
    .action((name: string, _: unknown, own: Command) =>
      chosen(async () => {
        const { testReporter } = await import("./reporters.ts");
        // `reporters` takes the same options, and finds them first.
        return testReporter(
          context,
          await tidy<CommonOptions>(own.optsWithGlobals<Raw<CommonOptions>>()),
          name,
        );
      }),
    );
}
