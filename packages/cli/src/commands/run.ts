import type { CliContext } from "../context.ts";
import { loadDefinition } from "../definition.ts";
import { allFailed, timedOut } from "../errors.ts";
import { EXIT_CODES } from "../exit-codes.ts";
import { beginStop, foregroundLogger, refuseWhenRunning, within } from "../foreground.ts";
import type { RunOptions } from "../options.ts";
import { linePrinter } from "../output/lines.ts";
import { say } from "../output/report.ts";
import { hasAllFailed, upLine } from "../output/summary.ts";
import { createMaster, type Master } from "../preset.ts";
import { type StopSignals, watchSignals } from "../signals.ts";

/**
 * Runs an app in the foreground until a signal, `elpis stop`, or the failure of every process ends it. What the
 * processes print goes to stdout, what Elpis has to say to stderr.
 *
 * @returns the exit code: 0 after a graceful stop
 */
export async function run(context: CliContext, options: RunOptions): Promise<number> {
  const definition = await loadDefinition(context, options);
  await refuseWhenRunning(definition);
  const master = createMaster({
    config: definition,
    output: linePrinter(context, options.json === true),
    log: foregroundLogger(context, options),
  });
  const signals = stopOnSignals(context, master);
  try {
    await begin(context, options, master, signals);
    await superviseToTheEnd(context, master, signals);
    return (signals.wish === "now" ? EXIT_CODES.interrupted : EXIT_CODES.ok).code;
  } finally {
    signals.off();
  }
}

async function begin(
  context: CliContext,
  options: RunOptions,
  master: Master,
  signals: StopSignals,
): Promise<void> {
  const begun = performance.now();
  try {
    await within(master.start(), options.timeoutMs, (timeoutMs) =>
      timedOut("getting ready", timeoutMs, "everything is stopped; see the output above"),
    );
    if (signals.wish === "none") say(context, upLine(master.status(), performance.now() - begun));
  } catch (error) {
    // A start that was given up because the user asked for it is no failure.
    await master.stop({ now: signals.wish !== "graceful" });
    if (signals.wish === "none") throw error;
  }
}

async function superviseToTheEnd(
  context: CliContext,
  master: Master,
  signals: StopSignals,
): Promise<void> {
  let failed: Error | undefined;
  const look = (): void => {
    if (failed !== undefined || signals.wish !== "none" || !hasAllFailed(master.status())) return;
    const { app, processes } = master.status();
    const own = processes.filter((one) => one.role !== "master");
    failed = allFailed(
      app,
      own.map((one) => `${one.name}.${one.index}`),
    );
    beginStop(context, master);
  };
  master.events.on("process", look);
  look();
  await master.closed;
  master.events.off("process", look);
  if (failed !== undefined) throw failed;
}

function stopOnSignals(context: CliContext, master: Master): StopSignals {
  return watchSignals(context, (wish, signal) => {
    if (wish === "graceful") say(context, `${signal}: stopping; once more to stop at once`);
    else say(context, `${signal}: stopping at once`);
    beginStop(context, master, wish === "now");
  });
}
