import type { CliContext } from "../context.ts";
import { loadDefinition } from "../definition.ts";
import { timedOut } from "../errors.ts";
import { EXIT_CODES } from "../exit-codes.ts";
import { refuseWhenRunning, within } from "../foreground.ts";
import type { StartOptions } from "../options.ts";
import { printJson, say } from "../output/report.ts";
import { upLine } from "../output/summary.ts";
import type { ProcessStatus } from "../preset.ts";
import { spawnMaster } from "../spawn-master.ts";

/** Each process has a bound of its own in the config; this one is for a master that does not say anything at all. */
const DEFAULT_TIMEOUT_MS = 300_000;

/**
 * Starts an app in the background and returns when every process is ready. When one is not, everything that had
 * started is stopped, and the error quotes the last lines that the process printed.
 */
export async function start(context: CliContext, options: StartOptions): Promise<number> {
  const begun = performance.now();
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const definition = await within(loadDefinition(context, options), timeoutMs, () =>
    timedOut("reading the config", timeoutMs, "nothing was started"),
  );
  await refuseWhenRunning(definition);
  const status = await spawnMaster(context, {
    definition,
    options,
    timeoutMs,
    leftMs: Math.max(0, timeoutMs - (performance.now() - begun)),
    onProcess: (one) => printProgress(context, options, one),
  });
  if (options.json === true) printJson(context, { app: status });
  else
    say(context, `${upLine(status, performance.now() - begun)}; output: elpis logs ${status.app}`);
  return EXIT_CODES.ok.code;
}

function printProgress(context: CliContext, options: StartOptions, one: ProcessStatus): void {
  if (options.json === true || !context.stderr.isTty || one.state !== "ready") return;
  say(context, `${one.name}.${one.index} is ready`);
}
