import type { CliContext } from "../../context.ts";
import { EXIT_CODES } from "../../exit-codes.ts";
import type { CommonOptions } from "../../options.ts";
import { printJson } from "../../output/report.ts";
import { SCRIPTS, type Shell } from "./shells.ts";

/** Prints what completes command lines in a shell. */
export async function completion(
  context: CliContext,
  options: CommonOptions,
  shell: Shell,
): Promise<number> {
  if (options.json === true) printJson(context, { shell, script: SCRIPTS[shell] });
  else context.stdout.line(SCRIPTS[shell]);
  return EXIT_CODES.ok.code;
}
