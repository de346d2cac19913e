import { hasCode } from "@elpis/api";
import { pickApp } from "../../apps.ts";
import { asker } from "../../asker.ts";
import type { CliContext } from "../../context.ts";
import { masterGone, taskFailed, timedOut } from "../../errors.ts";
import { EXIT_CODES } from "../../exit-codes.ts";
import type { RunTaskOptions } from "../../options.ts";
import { printJson, say } from "../../output/report.ts";
import type { RunRecord } from "../../preset.ts";
import { failAtSignal } from "../../until-signal.ts";
import { withTasks } from "./ask.ts";
import { tookText } from "./time.ts";

const DEFAULT_TIMEOUT_MS = 10_000;
/** A run has a bound of its own in its definition. */
const WAIT_MS = 7 * 86_400_000;

/** Runs a task now; with `--wait` until it is over. */
export async function run(
  context: CliContext,
  options: RunTaskOptions,
  task: string,
): Promise<number> {
  const app = await pickApp(context, options, undefined);
  const wait = options.wait === true;
  const timeoutMs = options.timeoutMs ?? (wait ? WAIT_MS : DEFAULT_TIMEOUT_MS);
  const what = `the run of ${task}`;
  const goesOn = `it goes on; see: elpis tasks history ${task} --app ${app.name}`;
  const signals = failAtSignal(context, what, goesOn);
  try {
    const { ids, records } = await withTasks(app.name, timeoutMs, ({ client, call }) => {
      const input = { task, wait, by: asker("tasks run") };
      return Promise.race([client.request("elpis.tasks.run", input, call), signals.failure]);
    });
    if (options.json === true) printJson(context, { app: app.name, task, ids, records });
    else if (!wait) say(context, `${ids.join(", ")} begins; ${seen(task, app.name)}`);
    else for (const record of records) say(context, recordText(record));
    const failed = records.filter(({ outcome }) => outcome !== "done");
    // The data says so already.
    if (failed.length > 0 && options.json !== true) throw taskFailed(task, failed);
    return failed.length > 0 ? EXIT_CODES.taskFailed.code : EXIT_CODES.ok.code;
  } catch (error) {
    if (hasCode(error, "ELPIS_HUB_DEADLINE")) throw timedOut(what, timeoutMs, goesOn);
    const isGone = ["ELPIS_HUB_PEER_LOST", "ELPIS_HUB_CLOSED"].some((code) => hasCode(error, code));
    throw isGone ? masterGone(app.name, what, error) : error;
  } finally {
    signals.off();
  }
}

function seen(task: string, app: string): string {
  return `see how it goes with: elpis tasks history ${task} --app ${app}`;
}

function recordText(record: RunRecord): string {
  const { id, outcome, where, value } = record;
  const given = value === undefined ? "" : `, it gave ${value}`;
  return `${id} ${ENDED[outcome]} (${where ?? "nowhere"}, ${tookText(record)})${given}`;
}

const ENDED: Readonly<Record<RunRecord["outcome"], string>> = {
  done: "is done",
  failed: "has failed",
  timeout: "took too long",
  lost: "was lost",
  skipped: "was left out",
  missed: "was missed",
};
