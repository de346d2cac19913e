import { hasCode } from "@elpis/api";
import { type AppRecord, type MasterLine, withMaster } from "../../apps.ts";
import { asker } from "../../asker.ts";
import type { CliContext } from "../../context.ts";
import { formatDuration } from "../../duration.ts";
import { masterGone, timedOut } from "../../errors.ts";
import type { OperationOptions } from "../../options.ts";
import { showProgress } from "../../output/progress.ts";
import { failAtSignal } from "../../until-signal.ts";

/** A reload of many processes takes its time; each of them has a bound of its own in the config. */
const DEFAULT_TIMEOUT_MS = 600_000;

/** An operation that a command asks the master of an app for. */
export interface Operation<Answer> {
  readonly app: AppRecord;
  /** The command, such as `reload`. */
  readonly command: string;
  /** What it is in a sentence, such as `the reload of shop`. */
  readonly what: string;
  /** Makes the request. `asked` goes into every input. */
  readonly ask: (line: MasterLine, asked: AskedFor) => Promise<Answer>;
}

/** What goes into the input of every operation. */
export interface AskedFor {
  readonly by: string;
  readonly queue?: boolean;
  readonly processes?: readonly string[];
}

/** An answer, and how long it took. */
export interface Done<Answer> {
  readonly answer: Answer;
  readonly took: string;
}

/**
 * Asks for an operation and shows how far it is, until it is done. A signal, or `--timeout`, ends the waiting and not
 * the operation.
 *
 * @throws ELPIS_CLI_INTERRUPTED, ELPIS_CLI_TIMEOUT, ELPIS_CLI_MASTER_GONE, ELPIS_PROCESS_…, and what the hub could not do
 */
export async function operate<Answer>(
  context: CliContext,
  options: OperationOptions,
  operation: Operation<Answer>,
): Promise<Done<Answer>> {
  const { app, command, what, ask } = operation;
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const goesOn = `it goes on in the master; see: elpis list, or: elpis ps ${app.name}`;
  const progress = showProgress(context, options, what);
  const signals = failAtSignal(context, what, goesOn);
  const begun = performance.now();
  try {
    const answer = await withMaster(app.name, timeoutMs, async (line) => {
      line.client.on("elpis.process", (change) => progress.show(change));
      return await Promise.race([ask(line, askedFor(command, options)), signals.failure]);
    });
    return { answer, took: formatDuration(performance.now() - begun) };
  } catch (error) {
    if (hasCode(error, "ELPIS_HUB_DEADLINE")) throw timedOut(what, timeoutMs, goesOn);
    const isGone = ["ELPIS_HUB_PEER_LOST", "ELPIS_HUB_CLOSED"].some((code) => hasCode(error, code));
    throw isGone ? masterGone(app.name, what, error) : error;
  } finally {
    progress.end();
    signals.off();
  }
}

function askedFor(command: string, options: OperationOptions): AskedFor {
  const { queue, process: processes } = options;
  return {
    by: asker(command),
    ...(queue === true && { queue }),
    ...(processes !== undefined && processes.length > 0 && { processes }),
  };
}

/** `web, jobs of shop`, or `shop` when all of it is meant. */
export function meantText(app: string, options: OperationOptions): string {
  const names = options.process ?? [];
  return names.length === 0 ? app : `${names.join(", ")} of ${app}`;
}
