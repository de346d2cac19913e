import { Argument } from "commander";
import { define, definePath, type Raw, type Registrar, tidy } from "../../command-line.ts";
import type { CommonOptions, InitOptions, RunOptions } from "../../options.ts";
import { SHELLS, type Shell } from "./shells.ts";

/** Name of the internal command that the completion of a shell asks. */
const COMPLETE = "__complete";

/** The commands about a project and the shell. */
export function registerProject({ program, context, chosen }: Registrar): void {
  define(program, "init", "write a config to begin with")
    .argument("[dir]", "directory of the project")
    .option("--from <file>", "what it was started with until now: Procfile, ecosystem.config.js, …")
    .option("--procfile", "write a procfile instead")
    .option("--force", "replace a file that is there")
    .action((dir: string | undefined, raw: Raw<InitOptions>) =>
      chosen(async () => {
        const { init } = await import("./init.ts");
        return init(context, await tidy(raw), dir);
      }),
    );
  definePath(program, "config", "show the configuration as it is understood").action(
    (path: string | undefined, raw: Raw<RunOptions>) =>
      chosen(async () => {
        const { config } = await import("./config.ts");
        return config(context, { ...(await tidy(raw)), path });
      }),
  );
  define(program, "completion", "print what completes command lines in a shell")
    .addArgument(new Argument("<shell>", "which shell").choices(SHELLS))
    .action((shell: Shell, raw: Raw<CommonOptions>) =>
      chosen(async () => {
        const { completion } = await import("./completion.ts");
        return completion(context, await tidy(raw), shell);
      }),
    );
  program
    .command(COMPLETE, { hidden: true })
    .argument("[words...]")
    .action((words: string[]) =>
      chosen(async () => {
        const { complete } = await import("./complete.ts");
        return complete(context, program, words);
      }),
    );
}
