import { Option } from "commander";
import { define, defineApp, type Raw, type Registrar, tidy, whole } from "../../command-line.ts";
import type { CommonOptions, TracesOptions } from "../../options.ts";

/** What makes no sense beside `--stats`. */
const OF_LISTS = [
  ...["slow", "errors", "status", "name", "min", "max", "process", "tag", "since", "lines"],
  "follow",
];

/** The commands about traces. */
export function registerTraces({ program, context, chosen }: Registrar): void {
  defineApp(program, "traces", "show the newest traces of an app")
    .option("--slow", "only those that took too long")
    .option("--errors", "only those that failed, ran out of time, or did not end")
    .option("--status <list>", "only unfinished, timeout, error, slow or normal; several by commas")
    .option("--name <text>", "only those with this in their name")
    .option("--min <duration>", "only those that took at least so long: 100ms, 2s")
    .option("--max <duration>", "only those that took at most so long")
    .option("--process <name>", "only what this process had a part in: web, or web.1")
    .option("--tag <key:value>", "only those with a span that has it; may be repeated", another)
    .option("--since <time>", "only those that began since then: 10m, or 2026-01-31T12:00")
    .option("-n, --lines <count>", "how many of the newest (default 20)", whole(0))
    .option("-f, --follow", "go on printing what comes")
    .addOption(
      new Option("--stats", "how many were kept, let go and lost, instead").conflicts(OF_LISTS),
    )
    .action((app: string | undefined, { name, ...raw }: Raw<TracesOptions>) =>
      chosen(async () => {
        const { traces } = await import("./traces.ts");
        // Elsewhere `--name` is that of the app.
        return traces(context, { ...(await tidy<TracesOptions>(raw)), name }, app);
      }),
    );
  define(program, "trace", "show one trace as a tree of its spans")
    .argument("<id>", "id of a trace, or at least 4 digits of its beginning")
    .action((id: string, raw: Raw<CommonOptions>) =>
      chosen(async () => {
        const { trace } = await import("./trace.ts");
        return trace(context, await tidy(raw), id);
      }),
    );
}

function another(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}
