import {
  define,
  defineOperation,
  queueOption,
  type Raw,
  type Registrar,
  tidy,
  whole,
} from "../../command-line.ts";
import type {
  ApplyOptions,
  CommonOptions,
  OperationOptions,
  ReloadOptions,
} from "../../options.ts";

/** The commands that change what runs. */
export function registerChange(registrar: Registrar): void {
  const { program, context, chosen } = registrar;
  defineOperation(program, "restart", "stop and start processes, one after another").action(
    (app: string | undefined, raw: Raw<OperationOptions>) =>
      chosen(async () => {
        const { restart } = await import("./restart.ts");
        return restart(context, await tidy(raw), app);
      }),
  );
  registerReload(registrar);
  define(program, "scale", "change how many instances there are: web=4 jobs=+2")
    .argument("<items...>", "the app, where it is not clear, then processes and numbers")
    .addOption(queueOption())
    .action((words: string[], raw: Raw<OperationOptions>) =>
      chosen(async () => {
        const { scale } = await import("./scale.ts");
        return scale(context, await tidy(raw), words);
      }),
    );
  define(program, "apply", "make what runs what the config says; shows the plan first")
    .argument("[app]", "name of a running app")
    .option("--dry-run", "only show what would be done")
    .addOption(queueOption())
    .action((app: string | undefined, raw: Raw<ApplyOptions>) =>
      chosen(async () => {
        const { apply } = await import("./apply.ts");
        return apply(context, await tidy(raw), app);
      }),
    );
  define(program, "signal", "send a signal to processes: web jobs.0 SIGHUP")
    .argument("<process...>", "processes, and behind them the signal")
    .action((words: string[], raw: Raw<CommonOptions>) =>
      chosen(async () => {
        const { signal } = await import("./signal.ts");
        return signal(context, await tidy(raw), words);
      }),
    );
}

function registerReload({ program, context, chosen }: Registrar): void {
  defineOperation(program, "reload", "replace processes without losing a request")
    .option("--canary <count>", "try so many new ones of each first", whole(1))
    .option("--for <duration>", "how long they are watched (default 30s)")
    .option("--max-errors <share>", "how many of their requests may fail: 1%, 0.01 (default 1%)")
    .option("--no-reread", "do not read the config again")
    .action((app: string | undefined, raw: Raw<ReloadOptions>) =>
      chosen(async () => {
        const { reload } = await import("./reload.ts");
        return reload(context, await tidy(raw), app);
      }),
    );
  defineOperation(
    program,
    "rollback",
    "go back to what ran before the last reload or apply",
  ).action((app: string | undefined, raw: Raw<OperationOptions>) =>
    chosen(async () => {
      const { rollback } = await import("./reload.ts");
      return rollback(context, await tidy(raw), app);
    }),
  );
}
