import { CommanderError } from "commander";
import type { CliContext } from "./context.ts";
import { usageError } from "./errors.ts";
import { EXIT_CODES, exitCodeOf } from "./exit-codes.ts";
import { printError } from "./output/report.ts";
import { createProgram } from "./program.ts";

/** Runs one command line, such as `["list", "--json"]`. Never rejects: errors are printed and become the exit code. */
export async function main(args: readonly string[], context: CliContext): Promise<number> {
  try {
    return await dispatch(args, context);
  } catch (error) {
    // What was asked for is not known when the command line could not be understood.
    const json = args.includes("--json");
    const verbose = args.includes("--verbose");
    printError(context, { json, verbose }, error);
    return exitCodeOf(error);
  }
}

async function dispatch(args: readonly string[], context: CliContext): Promise<number> {
  let command: (() => Promise<number>) | undefined;
  const program = createProgram(context, (chosen) => {
    command = chosen;
  });
  if (args.length === 0) {
    context.stderr.line(program.helpInformation().trimEnd());
    return EXIT_CODES.usage.code;
  }
  try {
    program.parse([...args], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return EXIT_CODES.ok.code;
    throw usageError(error.message.replace(/^error: /, "").replaceAll("\n", " "));
  }
  return command === undefined ? EXIT_CODES.ok.code : command();
}
