import type { CliContext } from "../../context.ts";
import { loadDefinition } from "../../definition.ts";
import { allFailed, timedOut } from "../../errors.ts";
import { EXIT_CODES } from "../../exit-codes.ts";
import { beginStop, foregroundLogger, refuseWhenRunning, within } from "../../foreground.ts";
import { reloadOnHangUp } from "../../hang-up.ts";
import { type Service, tellService } from "../../notify/service.ts";
import type { RunOptions } from "../../options.ts";
import { linePrinter } from "../../output/lines.ts";
import { say } from "../../output/report.ts";
import { upLine, whatEnded } from "../../output/summary.ts";
import { createMaster, type Master, type ProcessStatus } from "../../preset.ts";
import { type StopSignals, watchSignals } from "../../signals.ts";

/**
 * Runs an app in the foreground until a signal (but SIGHUP, which reloads it), `elpis stop`, or the end of every process ends it. What the
 * processes print goes to stdout, what Elpis has to say to stderr.
 *
 * @returns the exit code: 0 after a graceful stop, or when every process has ended and none has failed
 * @throws ELPIS_CLI_ALL_FAILED when nothing is left to run and something has failed
 */
export async function run(context: CliContext, options: RunOptions): Promise<number> {
  const definition = await loadDefinition(context, options);
  await refuseWhenRunning(definition);
  const master = createMaster({
    config: definition,
    output: linePrinter(context, options.json === true),
    foreground: true,
    log: foregroundLogger(context, options),
    reread: () => loadDefinition(context, options),
  });
  const service = tellService(context, master);
  const signals = stopOnSignals(context, master, service);
  const offHangUp = reloadOnHangUp(context, master, (text) => say(context, text));
  try {
    await begin(context, options, master, signals);
    if (signals.wish === "none") service.ready();
    await superviseToTheEnd(context, master, signals);
    return (signals.wish === "now" ? EXIT_CODES.interrupted : EXIT_CODES.ok).code;
  } finally {
    offHangUp();
    signals.off();
    await service.close();
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
  let ended: readonly ProcessStatus[] | undefined;
  const look = (): void => {
    if (ended !== undefined || signals.wish !== "none") return;
    ended = whatEnded(master.status());
    if (ended !== undefined) beginStop(context, master);
  };
  master.events.on("process", look);
  look();
  await master.closed;
  master.events.off("process", look);
  if (ended !== undefined) judge(context, master.status().app, ended);
}

/** An app that came to its end by itself has done its work, unless a part of it failed. */
function judge(context: CliContext, app: string, ended: readonly ProcessStatus[]): void {
  const failed = ended.filter((one) => one.state === "failed");
  if (failed.length === 0) return say(context, `every process of ${app} has ended`);
  const names = failed.map((one) => `${one.name}.${one.index}`);
  throw allFailed(app, names, ended.length - failed.length);
}

function stopOnSignals(context: CliContext, master: Master, service: Service): StopSignals {
  return watchSignals(context, (wish, signal) => {
    service.stopping();
    if (wish === "graceful") say(context, `${signal}: stopping; once more to stop at once`);
    else say(context, `${signal}: stopping at once`);
    beginStop(context, master, wish === "now");
  });
}
