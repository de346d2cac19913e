import { hasCode } from "@elpis/api";
import { findApps, nameFromConfig, pickApp } from "../../apps.ts";
import type { CliContext } from "../../context.ts";
import { noLog, notRunning } from "../../errors.ts";
import { EXIT_CODES } from "../../exit-codes.ts";
import { logFile } from "../../log/file.ts";
import { decodeLine, isFrom } from "../../log/line.ts";
import { follow, type LogPosition, readTail } from "../../log/tail.ts";
import type { LogsOptions } from "../../options.ts";
import { formatLine, lineShape } from "../../output/lines.ts";
import { untilLeft } from "../../until-signal.ts";

const DEFAULT_LINES = 50;

/** Prints the last lines that an app printed, and with `follow` what comes; an app that has stopped keeps its log. */
export async function logs(
  context: CliContext,
  options: LogsOptions,
  named?: string,
): Promise<number> {
  const app = await whoseLog(context, options, named);
  const file = await fileOf(app);
  const tail = await readTail(file, options.lines ?? DEFAULT_LINES, (text) => {
    const line = decodeLine(text);
    return line !== undefined && isFrom(line, options.process);
  });
  if (tail === undefined) throw await whyNoLog(app, file);
  const print = printer(context, options);
  for (const text of tail.lines) print(text);
  if (options.follow === true) await followUntilLeft(context, file, tail.position, print);
  return EXIT_CODES.ok.code;
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

function printer(context: CliContext, options: LogsOptions): (text: string) => void {
  const { stdout } = context;
  return (text) => {
    const line = decodeLine(text);
    if (line === undefined || !isFrom(line, options.process)) return;
    if (options.json === true) stdout.line(JSON.stringify(lineShape(line)));
    else stdout.line(`${new Date(line.time).toISOString()} ${formatLine(line, stdout.color)}`);
  };
}

async function followUntilLeft(
  context: CliContext,
  file: string,
  from: LogPosition,
  print: (text: string) => void,
): Promise<void> {
  const left = untilLeft(context);
  try {
    await follow(file, print, { from, signal: left.signal });
  } finally {
    left.off();
  }
}
