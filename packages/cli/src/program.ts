import { readFileSync } from "node:fs";
import { Command, InvalidArgumentError } from "commander";
import { list } from "./commands/list.ts";
import { logs } from "./commands/logs.ts";
import { ps } from "./commands/ps.ts";
import { run } from "./commands/run.ts";
import { serve } from "./commands/serve.ts";
import { start } from "./commands/start.ts";
import { stop } from "./commands/stop.ts";
import type { CliContext } from "./context.ts";
import { SERVE } from "./detached.ts";
import type {
  CommonOptions,
  LogsOptions,
  RunOptions,
  StartOptions,
  StopOptions,
} from "./options.ts";
import { parseDuration } from "./preset.ts";

/** Takes what the command line named: the command is run by whoever asked. */
export type Chosen = (command: () => Promise<number>) => void;

type Raw<Options> = Omit<Options, "timeoutMs"> & {
  readonly timeout?: number;
  readonly name?: string;
};

/** Builds the parser: which commands there are, and what they take. */
export function createProgram(context: CliContext, chosen: Chosen): Command {
  const program = new Command("elpis")
    .description("Runs a Node.js application as one supervised family of processes.")
    .version(version())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void context.stdout.line(text.replace(/\n$/, "")),
      writeErr: (text) => void context.stderr.line(text.replace(/\n$/, "")),
      // Errors are thrown and printed where all the others are.
      outputError: () => {},
    });
  addForeground(program, context, chosen);
  addStart(program, context, chosen);
  addStop(program, context, chosen);
  addQuestions(program, context, chosen);
  return program;
}

function addForeground(program: Command, context: CliContext, chosen: Chosen): void {
  withPath(program, "run", "run in the foreground, for containers and service managers").action(
    (path: string | undefined, raw: Raw<RunOptions>) =>
      chosen(() => run(context, { ...tidy(raw), path })),
  );
  withPath(program, "dev", "run in the foreground, start again when a file changes").action(
    (path: string | undefined, raw: Raw<RunOptions>) =>
      chosen(async () => {
        // The only command that watches files; the others need not load what that takes.
        const { dev } = await import("./commands/dev.ts");
        return dev(context, { ...tidy(raw), path });
      }),
  );
}

function addStart(program: Command, context: CliContext, chosen: Chosen): void {
  const define = (name: string, text: string, command: typeof start, hidden: boolean): Command =>
    withPath(program, name, text, hidden)
      .option("-i, --instances <count>", "how many processes a script gets, or auto", instances)
      .option("--name <name>", "name of the app; the same as --app")
      .action((path: string | undefined, raw: Raw<StartOptions>) =>
        chosen(() => command(context, { ...tidy(raw), path })),
      );
  define("start", "run in the background; returns when all is ready", start, false);
  define(SERVE, "internal: the master that start detaches", serve, true);
}

function addStop(program: Command, context: CliContext, chosen: Chosen): void {
  withApp(program, "stop", "stop an app and wait until it is gone")
    .option("--now", "do not wait for what is under way")
    .action((app: string | undefined, raw: Raw<StopOptions>) =>
      chosen(() => stop(context, tidy(raw), app)),
    );
}

function addQuestions(program: Command, context: CliContext, chosen: Chosen): void {
  common(program.command("list").alias("ls").description("show the apps of this user")).action(
    (raw: Raw<CommonOptions>) => chosen(() => list(context, tidy(raw))),
  );
  withApp(program, "ps", "show the processes of an app").action(
    (app: string | undefined, raw: Raw<CommonOptions>) => chosen(() => ps(context, tidy(raw), app)),
  );
  withApp(program, "logs", "show what an app in the background printed")
    .option("-n, --lines <count>", "how many of the last lines (default 50)", lineCount)
    .option("-f, --follow", "go on printing what comes")
    .option("--process <name>", "only this process: web, or web.1")
    .action((app: string | undefined, raw: Raw<LogsOptions>) =>
      chosen(() => logs(context, tidy(raw), app)),
    );
}

function withPath(program: Command, name: string, text: string, hidden = false): Command {
  return common(program.command(name, { hidden }).description(text)).argument(
    "[path]",
    "directory, config file or script",
  );
}

function withApp(program: Command, name: string, text: string): Command {
  return common(program.command(name).description(text)).argument("[app]", "name of a running app");
}

function common(command: Command): Command {
  return command
    .option("--json", "print data for programs")
    .option("--app <name>", "name of the app")
    .option("--config <file>", "the config file")
    .option("--timeout <duration>", "how long it may take: 500ms, 10s, 2m", duration)
    .option("--verbose", "say more, and print where errors come from");
}

/** From the names on the command line to those of the functions. */
function tidy<Options extends CommonOptions>(raw: Raw<Options>): Options {
  const { timeout, name, ...rest } = raw as Raw<CommonOptions>;
  return { ...rest, app: rest.app ?? name, timeoutMs: timeout } as Options;
}

function duration(text: string): number {
  const valueMs = parseDuration(text);
  if (valueMs === undefined || valueMs === 0)
    throw new InvalidArgumentError("Expected such as 500ms, 10s, 2m, 1h.");
  return valueMs;
}

function instances(text: string): number | "auto" {
  if (text === "auto" || text === "max") return "auto";
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) {
    throw new InvalidArgumentError("Expected a whole number from 1, or auto.");
  }
  return count;
}

function lineCount(text: string): number {
  const count = Number(text);
  if (text === "" || !Number.isInteger(count) || count < 0) {
    throw new InvalidArgumentError("Expected a whole number from 0.");
  }
  return count;
}

function version(): string {
  const file = new URL("../package.json", import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
