import type { Command } from "commander";
import { define, type Raw, type Registrar, tidy, whole } from "../../command-line.ts";
import type { CliContext } from "../../context.ts";
import type { CommonOptions, HistoryOptions, RunTaskOptions } from "../../options.ts";

/** The commands about tasks. */
export function registerTasks({ program, context, chosen }: Registrar): void {
  const tasks = define(program, "tasks", "show the tasks of an app, or change them")
    .argument("[app]", "name of a running app")
    .action((app: string | undefined, raw: Raw<CommonOptions>) =>
      chosen(async () => {
        const { tasks: show } = await import("./list.ts");
        return show(context, await tidy(raw), app);
      }),
    );
  /** A command about one task. */
  const about = <Options extends CommonOptions>(
    name: string,
    text: string,
    load: () => Promise<OnTask<Options>>,
  ): Command =>
    define(tasks, name, text)
      .argument("<task>", "a task")
      .action((task: string, _: unknown, command: Command) =>
        chosen(async () => {
          const work = await load();
          // `tasks` takes the same options, and finds them first.
          return work(context, await tidy<Options>(command.optsWithGlobals<Raw<Options>>()), task);
        }),
      );
  about<HistoryOptions>("history", "show the last runs of a task", async () => {
    return (await import("./history.ts")).history;
  }).option("-n, --limit <count>", "how many of the last runs (default 20)", whole(1));
  about("pause", "let a task have no times; what runs goes on", async () => {
    return (await import("./change.ts")).pause;
  });
  about("resume", "let a task have its times again", async () => {
    return (await import("./change.ts")).resume;
  });
  about<RunTaskOptions>("run", "run a task now", async () => {
    return (await import("./run.ts")).run;
  }).option("--wait", "until it is over");
}

type OnTask<Options> = (context: CliContext, options: Options, task: string) => Promise<number>;
