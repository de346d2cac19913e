import { errorToData, type Logger } from "@elpis/api";
import { createLogger } from "@elpis/core";
import type { CliContext } from "../../context.ts";
import { loadDefinition } from "../../definition.ts";
import { type Starter, tell, watchStarter } from "../../detached.ts";
import { EXIT_CODES, exitCodeOf } from "../../exit-codes.ts";
import { beginStop, refuseWhenRunning, shortLine } from "../../foreground.ts";
import { reloadOnHangUp } from "../../hang-up.ts";
import { appLog } from "../../log/app-log.ts";
import type { StartOptions } from "../../options.ts";
import { isVerbose } from "../../output/report.ts";
import {
  type AppDefinition,
  createMaster,
  encodeText,
  type LogFile,
  type Master,
  type ProcessChange,
} from "../../preset.ts";
import { keepRecord, type StartRecord, startRecord } from "../../saved/start-record.ts";
import { watchSignals } from "../../signals.ts";

/**
 * The detached master that `start` begins: no terminal, output to the log file, progress over the channel to `start`
 * until it is ready. When `start` goes away before that, so does everything.
 */
export async function serve(context: CliContext, options: StartOptions): Promise<number> {
  try {
    return await serveApp(context, options);
  } catch (error) {
    await tell({ type: "failed", error: errorToData(error, isVerbose(context, options)) });
    return exitCodeOf(error);
  } finally {
    if (process.connected) process.disconnect();
  }
}

async function serveApp(context: CliContext, options: StartOptions): Promise<number> {
  const starter = watchStarter();
  try {
    // Reading a config runs it, which may take its time; there is nothing to stop yet.
    const definition = await Promise.race([prepare(context, options), starter.gone]);
    if (definition === undefined || starter.isGone) return EXIT_CODES.interrupted.code;
    return await superviseApp(context, options, definition, starter);
  } finally {
    starter.off();
  }
}

async function prepare(context: CliContext, options: StartOptions): Promise<AppDefinition> {
  const definition = await loadDefinition(context, options);
  await refuseWhenRunning(definition);
  return definition;
}

async function superviseApp(
  context: CliContext,
  options: StartOptions,
  definition: AppDefinition,
  starter: Starter,
): Promise<number> {
  const file = appLog(context, definition.name);
  const log = logInto(file, isVerbose(context, options));
  const master = createMaster({
    config: definition,
    output: (line) => {
      file.write(encodeText(line), 1);
      return file.full;
    },
    log,
    reread: () => loadDefinition(context, options),
  });
  const signals = watchSignals(context, (wish) => beginStop(context, master, wish === "now"));
  const offHangUp = reloadOnHangUp(context, master, (text) => log.info(text));
  try {
    await startWatched(context, master, starter, startRecord(context, options, definition), log);
    await master.closed;
    return signals.wish === "now" ? EXIT_CODES.interrupted.code : EXIT_CODES.ok.code;
  } finally {
    offHangUp();
    signals.off();
    await file.close();
  }
}

async function startWatched(
  context: CliContext,
  master: Master,
  starter: Starter,
  record: StartRecord,
  log: Logger,
): Promise<void> {
  const report = ({ previous: _, ...process }: ProcessChange): void =>
    void tell({ type: "process", process });
  void starter.gone.then(() => beginStop(context, master, true));
  master.events.on("process", report);
  try {
    await master.start();
  } finally {
    master.events.off("process", report);
  }
  remember(record, log);
  // From here on `start` leaves because it was told that all is well.
  starter.off();
  const wasHeard = await tell({ type: "ready", status: master.status() });
  if (!wasHeard) beginStop(context, master, true);
  if (process.connected) process.disconnect();
}

/** An app that cannot be saved later on runs all the same. */
function remember(record: StartRecord, log: Logger): void {
  try {
    keepRecord(record);
  } catch (error) {
    log.warn(`how it was started cannot be kept: ${(error as Error).message}`);
  }
}

/** The master's own messages stand in the same log as the output of its processes. */
function logInto(file: LogFile, verbose: boolean): Logger {
  return createLogger({
    level: verbose ? "debug" : "info",
    write: (line) => {
      const text = shortLine(line);
      const [time, pid] = [Date.now(), process.pid];
      // These few lines wait like all others, but nobody can be asked to pause for them.
      file.write(encodeText({ time, process: "master", index: 0, pid, stream: "stderr", text }), 1);
    },
  });
}
