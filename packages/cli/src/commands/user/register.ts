import { define, type Raw, type Registrar, tidy } from "../../command-line.ts";
import type { CommonOptions, SaveOptions, StopOptions } from "../../options.ts";

/** The commands about all apps of this user. */
export function registerUser({ program, context, chosen }: Registrar): void {
  define(program, "save", "remember the apps that run in the background")
    .option("--force", "forget what was saved when nothing runs")
    .action((raw: Raw<SaveOptions>) =>
      chosen(async () => {
        const { save } = await import("./save.ts");
        return save(context, await tidy(raw));
      }),
    );
  define(program, "resurrect", "start the apps that save has remembered").action(
    (raw: Raw<CommonOptions>) =>
      chosen(async () => {
        const { resurrect } = await import("./resurrect.ts");
        return resurrect(context, await tidy(raw));
      }),
  );
  define(program, "exit", "stop every app of this user")
    .option("--now", "do not wait for what is under way")
    .action((raw: Raw<StopOptions>) =>
      chosen(async () => {
        const { exit } = await import("./exit.ts");
        return exit(context, await tidy(raw));
      }),
    );
}
