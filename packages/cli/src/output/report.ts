import { type ElpisError, errorToData } from "@elpis/api";
import type { CliContext } from "../context.ts";
import type { CommonOptions } from "../options.ts";
import { paint } from "./color.ts";
import { printable } from "./printable.ts";
import { type Column, formatTable } from "./table.ts";

/** Whether stacks and debug lines are wanted: `--verbose`, or `DEBUG` names elpis. */
export function isVerbose(context: CliContext, options: CommonOptions): boolean {
  return options.verbose === true || /(^|[\s,])(elpis\b|\*)/.test(context.env.DEBUG ?? "");
}

/** Tells about an error: `elpis: …` on stderr, or `{ "error": … }` on stdout where data is wanted. */
export function printError(context: CliContext, options: CommonOptions, thrown: unknown): void {
  const verbose = isVerbose(context, options);
  if (options.json === true) {
    context.stdout.line(JSON.stringify({ error: errorShape(thrown, verbose) }));
    return;
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  context.stderr.line(`${paint("elpis:", "red", context.stderr.color)} ${message}`);
  if (verbose && thrown instanceof Error) context.stderr.line(stackOf(thrown));
}

/** Prints a result for programs: one JSON document on one line. */
export function printJson(context: CliContext, value: unknown): void {
  context.stdout.line(JSON.stringify(value));
}

/** Prints a table on stdout, as wide as the terminal is. */
export function printTable(
  context: CliContext,
  columns: readonly Column[],
  rows: ReadonlyArray<readonly string[]>,
): void {
  const { stdout } = context;
  const clean = rows.map((cells) => cells.map(printable));
  for (const line of formatTable(columns, clean, stdout.columns)) stdout.line(line);
}

/** Says something on stderr, where it does not mix with what the app prints. */
export function say(context: CliContext, message: string): void {
  context.stderr.line(`${paint("elpis:", "cyan", context.stderr.color)} ${message}`);
}

function errorShape(thrown: unknown, verbose: boolean): Record<string, unknown> {
  const { code, message, details, stack } = errorToData(thrown, verbose);
  return {
    code: code ?? "ELPIS_CLI_UNEXPECTED",
    message,
    details: details ?? {},
    ...(stack !== undefined && { stack }),
  };
}

function stackOf(error: Error): string {
  const { code, cause } = error as Partial<ElpisError>;
  const own = `${code === undefined ? "" : `[${code}] `}${error.stack ?? error.message}`;
  return cause instanceof Error ? `${own}\ncaused by ${stackOf(cause)}` : own;
}
