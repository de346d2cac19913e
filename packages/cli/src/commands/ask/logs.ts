import { dirname } from "node:path";
import { hasCode } from "@elpis/api";
import { findApps, nameFromConfig, pickApp, withMaster } from "../../apps.ts";
import type { CliContext } from "../../context.ts";
import { noLog, notRunning, usageError } from "../../errors.ts";
import { EXIT_CODES } from "../../exit-codes.ts";
import { logFile } from "../../log/file.ts";
import type { LogsOptions } from "../../options.ts";
import { formatLine, keptLineShape } from "../../output/lines.ts";
import { printJson, say } from "../../output/report.ts";
import {
  acceptsLine,
  type DecodedLine,
  filesOfProcess,
  followLines,
  type LogPosition,
  readLines,
  readPlace,
} from "../../preset.ts";
import { untilLeft } from "../../until-signal.ts";
import { filterOf } from "./log-filter.ts";

const DEFAULT_LINES = 50;
const DEFAULT_TIMEOUT_MS = 10_000;

/**
 * Prints the last lines that an app printed, and with `follow` what comes; an app that has stopped keeps its log. With
 * `rotate` or `reopen`, asks the app to do that instead.
 */
export async function logs(
  context: CliContext,
  options: LogsOptions,
  named?: string,
): Promise<number> {
  const filter = filterOf(options, Date.now());
  const wish = wishOf(options);
  if (wish !== undefined) return await ask(context, options, named, wish);
  const app = await whoseLog(context, options, named);
  const own = await fileOf(app);
  const files = await filesOf(own, filter.process);
  const accept = acceptsLine(filter);
  const { since } = filter;
  const count = options.lines ?? (since === undefined ? DEFAULT_LINES : Number.POSITIVE_INFINITY);
  const last = await readLines({ files, count, accept, since });
  if (last === undefined) throw await whyNoLog(app, own);
  const print = printer(context, options);
  for (const line of last.lines) print(line);
  if (options.follow === true) {
    await followUntilLeft(context, { files, from: last.positions, accept, print });
  }
  return EXIT_CODES.ok.code;
}

/** The master's own file, and those of the plugin that keeps what processes print. */
async function filesOf(own: string, process: string | undefined): Promise<readonly string[]> {
  const place = await readPlace(dirname(dirname(own)));
  return place === undefined ? [own] : [...filesOfProcess(place, process), own];
}

async function whoseLog(
  context: CliContext,
  options: LogsOptions,
  named: string | undefined,
): Promise<string> {
  const name = named ?? options.app ?? (await nameFromConfig(context, options));
  return name ?? (await pickApp(context, options, undefined)).name;
}

/** What cannot be a name is not the name of an app that runs, and no way out of the directory either. */
async function fileOf(app: string): Promise<string> {
  try {
    return logFile(app);
  } catch (error) {
    if (!hasCode(error, "ELPIS_HUB_BAD_NAME")) throw error;
    throw notRunning(app, await runningNames());
  }
}

async function runningNames(): Promise<string[]> {
  return (await findApps()).filter((one) => one.alive).map((one) => one.name);
}

async function whyNoLog(app: string, file: string): Promise<Error> {
  const running = await runningNames();
  return running.includes(app) ? noLog(app, file) : notRunning(app, running);
}

function printer(context: CliContext, options: LogsOptions): (line: DecodedLine) => void {
  const { stdout } = context;
  return (line) => {
    if (options.json === true) stdout.line(JSON.stringify(keptLineShape(line)));
    else stdout.line(`${new Date(line.time).toISOString()} ${formatLine(line, stdout.color)}`);
  };
}

interface Following {
  readonly files: readonly string[];
  readonly from: ReadonlyMap<string, LogPosition>;
  readonly accept: (line: DecodedLine) => boolean;
  readonly print: (line: DecodedLine) => void;
}

async function followUntilLeft(context: CliContext, what: Following): Promise<void> {
  const { files, from, accept, print: onLine } = what;
  const left = untilLeft(context);
  try {
    await followLines({ files, from, accept, onLine, signal: left.signal });
  } finally {
    left.off();
  }
}

type Wish = "rotate" | "reopen";

function wishOf({ rotate, reopen }: LogsOptions): Wish | undefined {
  if (rotate === true && reopen === true) {
    throw usageError("--rotate opens new files as well; leave out --reopen");
  }
  if (rotate === true) return "rotate";
  return reopen === true ? "reopen" : undefined;
}

async function ask(
  context: CliContext,
  options: LogsOptions,
  named: string | undefined,
  wish: Wish,
): Promise<number> {
  const app = await pickApp(context, options, named);
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const { files } = await withMaster(app.name, timeoutMs, ({ client, call }) =>
    client.request(`elpis.logs.${wish}`, {}, call),
  );
  const done = wish === "rotate" ? "put aside" : "opened anew";
  if (options.json === true) printJson(context, { app: app.name, wish, files });
  else say(context, `${files} ${files === 1 ? "file" : "files"} of ${app.name} ${done}`);
  return EXIT_CODES.ok.code;
}
