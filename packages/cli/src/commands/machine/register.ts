import { Option } from "commander";
import { define, definePath, type Raw, type Registrar, tidy } from "../../command-line.ts";
import type { DoctorOptions, StartupOptions } from "../../options.ts";
import { PLATFORMS } from "./platform.ts";

/** Options as they stand on the command line of `startup`. */
type RawStartup = Raw<StartupOptions> & { readonly user?: boolean; readonly system?: boolean };

/** The commands about the machine that apps run on. */
export function registerMachine({ program, context, chosen }: Registrar): void {
  definePath(program, "startup", "print what starts an app at boot; with --write install it")
    .option("--platform <name>", `${PLATFORMS.join(", ")} (default what this system has)`)
    .addOption(new Option("--user", "for this user").conflicts("system"))
    .option("--system", "for the whole machine (default for root)")
    .option("--as <user>", "whose processes they are, with --system")
    .option("--write", "install it")
    .option("--remove", "take away what --write installed")
    .option("--force", "replace a file that is there")
    .action((path: string | undefined, raw: RawStartup) =>
      chosen(async () => {
        const { startup } = await import("./startup.ts");
        const { user, system, ...rest } = raw;
        const scope = user === true ? "user" : system === true ? "system" : undefined;
        return startup(context, { ...(await tidy(rest)), path, scope });
      }),
    );
  define(program, "doctor", "look for what may cause trouble, and say how to mend it")
    .option("--fix", "repair what can be repaired without risk")
    .action((raw: Raw<DoctorOptions>) =>
      chosen(async () => {
        const { doctor } = await import("./doctor.ts");
        return doctor(context, await tidy(raw));
      }),
    );
}
