import { type Command, InvalidArgumentError, Option } from "commander";
import type { CliContext } from "./context.ts";
import { readDuration } from "./duration.ts";
import type { CommonOptions } from "./options.ts";

/** Takes what the command line named: the command is run by whoever asked. */
export type Chosen = (command: () => Promise<number>) => void;

/** What the files that register commands work with. Commands are loaded when they are chosen, not before. */
export interface Registrar {
  readonly program: Command;
  readonly context: CliContext;
  readonly chosen: Chosen;
}

/** Options as they stand on the command line. */
export type Raw<Options> = Omit<Options, "timeoutMs"> & {
  readonly timeout?: string;
  readonly name?: string;
};

/** Adds a command with the options of all commands. */
export function define(program: Command, name: string, text: string, hidden = false): Command {
  return program
    .command(name, { hidden })
    .description(text)
    .option("--json", "print data for programs")
    .option("--app <name>", "name of the app")
    .option("--config <file>", "the config file")
    .option("--timeout <duration>", "how long it may take: 500ms, 10s, 2m")
    .option("--verbose", "say more, and print where errors come from");
}

/** Adds a command about what is at a path. */
export function definePath(program: Command, name: string, text: string, hidden = false): Command {
  return define(program, name, text, hidden).argument("[path]", "directory, config file or script");
}

/** Adds a command about a running app. */
export function defineApp(program: Command, name: string, text: string): Command {
  return define(program, name, text).argument("[app]", "name of a running app");
}

/** Adds a command about a running app that the master carries out, one at a time. */
export function defineOperation(program: Command, name: string, text: string): Command {
  return withProcesses(defineApp(program, name, text)).addOption(queueOption());
}

/** Lets a command be about some of the processes. */
export function withProcesses(command: Command): Command {
  return command.option(
    "--process <names>",
    "only these processes: web, or web.1; several by commas",
    names,
  );
}

/** The option to wait for one's turn. */
export function queueOption(): Option {
  return new Option("--queue", "wait for what is under way, instead of being refused");
}

/** From the names on the command line to those of the functions. @throws ELPIS_CLI_USAGE */
export async function tidy<Options extends CommonOptions>(raw: Raw<Options>): Promise<Options> {
  const { timeout, name, ...rest } = raw as Raw<CommonOptions>;
  const timeoutMs = timeout === undefined ? undefined : readDuration("--timeout", timeout);
  return { ...rest, app: rest.app ?? name, timeoutMs } as unknown as Options;
}

/** Names of processes, by commas or one option each. */
function names(text: string, before: readonly string[] = []): string[] {
  const found = text
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");
  if (found.length === 0) throw new InvalidArgumentError("Expected names such as web,jobs.");
  return [...before, ...found];
}

/** A whole number from `least`, for an option. */
export function whole(least: number): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (text.trim() === "" || !Number.isSafeInteger(count) || count < least) {
      throw new InvalidArgumentError(`Expected a whole number from ${least}.`);
    }
    return count;
  };
}

/** How many processes a script gets. */
export function instances(text: string): number | "auto" {
  if (text === "auto" || text === "max") return "auto";
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new InvalidArgumentError("Expected a whole number from 1, or auto.");
  }
  return count;
}
