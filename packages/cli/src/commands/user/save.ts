import { type AppRecord, appStatus, findApps } from "../../apps.ts";
import type { CliContext } from "../../context.ts";
import { EXIT_CODES } from "../../exit-codes.ts";
import type { SaveOptions } from "../../options.ts";
import { printJson, say } from "../../output/report.ts";
import type { ProcessStatus } from "../../preset.ts";
import { type SavedApp, savedFile, writeSaved } from "../../saved/file.ts";
import { readRecord } from "../../saved/start-record.ts";

/** An app that is not saved, and why. */
interface Skipped {
  readonly app: string;
  readonly why: string;
}

/**
 * Remembers the apps that run in the background, so that `resurrect` starts them again. When none does, what was saved
 * before is kept, unless `force` is given: after a restart of the machine that is what it is there for.
 */
export async function save(context: CliContext, options: SaveOptions): Promise<number> {
  const running = (await findApps()).filter((app) => app.alive);
  const found = await Promise.all(running.map((app) => toSave(app, options.timeoutMs)));
  const saved = found.flatMap((one) => ("why" in one ? [] : [one]));
  const skipped = found.flatMap((one) => ("why" in one ? [one] : []));
  const file = savedFile(context.env);
  const isWritten = saved.length > 0 || options.force === true;
  if (isWritten) writeSaved(file, saved);
  if (options.json === true) printJson(context, { file, written: isWritten, saved, skipped });
  else {
    const names = saved.map(({ app }) => app).join(", ");
    say(context, isWritten ? `saved in ${file}: ${names || "nothing"}` : nothing(file));
    for (const { app, why } of skipped) say(context, `${app} is not saved: ${why}`);
  }
  return EXIT_CODES.ok.code;
}

function nothing(file: string): string {
  return `nothing runs in the background; ${file} stays what it is, unless: --force`;
}

async function toSave(app: AppRecord, timeoutMs: number | undefined): Promise<SavedApp | Skipped> {
  const record = readRecord(app.name);
  if (record === undefined || record.pid !== app.pid) {
    const why = "it runs in the foreground, and whoever started it there starts it again";
    return { app: app.name, why };
  }
  const { pid: _, ...rest } = record;
  const status = await appStatus(app.name, timeoutMs).catch(() => undefined);
  // One that does not answer now is no less to be started again.
  const scaled = status === undefined ? {} : scaledOtherwise(rest.scale, status.processes);
  return { ...rest, scaled };
}

/** How many there are of those of which the config asks for another number. Pure. */
export function scaledOtherwise(
  defined: Readonly<Record<string, number>>,
  processes: readonly Pick<ProcessStatus, "name">[],
): Record<string, number> {
  const pairs = Object.entries(defined).map(
    ([name, wanted]) =>
      [name, wanted, processes.filter((one) => one.name === name).length] as const,
  );
  return Object.fromEntries(
    pairs.filter(([, wanted, count]) => wanted !== count).map(([name, , count]) => [name, count]),
  );
}
