import { Argument } from "commander";
import { define, type Raw, type Registrar, tidy } from "../../command-line.ts";
import type { CommonOptions, DiagOptions } from "../../options.ts";
import type { DiagnosisKind } from "../../preset.ts";

/** What `diag` can be asked for. */
const DIAGNOSES: readonly DiagnosisKind[] = ["cpu-profile", "heap-snapshot", "report", "gc"];

/** The commands that look into a process. */
export function registerLook({ program, context, chosen }: Registrar): void {
  define(program, "inspect", "open the inspector of a process, for a debugger")
    .argument("<process>", "a process: web.1; web is its first")
    .action((wanted: string, raw: Raw<CommonOptions>) =>
      chosen(async () => {
        const { inspect } = await import("./look.ts");
        return inspect(context, await tidy(raw), wanted);
      }),
    );
  define(program, "diag", "look into a process; prints the file that comes of it")
    .argument("<process>", "a process: web.1; web is its first")
    .addArgument(new Argument("<kind>", "what is wanted").choices(DIAGNOSES))
    .option("--for <duration>", "how long a CPU profile measures (default 5s)")
    .option("--out <dir>", "folder for the file")
    .action((wanted: string, kind: DiagnosisKind, raw: Raw<DiagOptions>) =>
      chosen(async () => {
        const { diag } = await import("./look.ts");
        return diag(context, await tidy(raw), wanted, kind);
      }),
    );
}
