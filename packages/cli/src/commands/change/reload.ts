import { type AppRecord, pickApp } from "../../apps.ts";
import type { CliContext } from "../../context.ts";
import { EXIT_CODES } from "../../exit-codes.ts";
import type { OperationOptions, ReloadOptions } from "../../options.ts";
import { printJson, say } from "../../output/report.ts";
import type { ReloadResult } from "../../preset.ts";
import { type Done, meantText, operate } from "./operation.ts";
import { readCanary } from "./reload-options.ts";

/** Replaces the processes of an app without losing a request; when the new ones do not do, the old ones stay. */
export async function reload(
  context: CliContext,
  options: ReloadOptions,
  named?: string,
): Promise<number> {
  const canary = await readCanary(options);
  const app = await pickApp(context, options, named);
  const meant = meantText(app.name, options);
  const done = await operate(context, options, {
    app,
    command: "reload",
    what: `the reload of ${meant}`,
    ask: ({ client, call }, asked) =>
      client.request(
        "elpis.reload",
        { ...asked, reread: options.reread !== false, ...(canary !== undefined && { canary }) },
        call,
      ),
  });
  return tell(context, options, app, `${meant} reloaded`, done);
}

/** Goes back to the definition that was in force before the present one. */
export async function rollback(
  context: CliContext,
  options: OperationOptions,
  named?: string,
): Promise<number> {
  const app = await pickApp(context, options, named);
  const meant = meantText(app.name, options);
  const done = await operate(context, options, {
    app,
    command: "rollback",
    what: `the rollback of ${meant}`,
    ask: ({ client, call }, asked) => client.request("elpis.rollback", asked, call),
  });
  return tell(context, options, app, `${meant} rolled back`, done);
}

function tell(
  context: CliContext,
  options: OperationOptions,
  app: AppRecord,
  what: string,
  { answer, took }: Done<ReloadResult>,
): number {
  if (options.json === true) {
    printJson(context, { app: app.name, ...answer });
    return EXIT_CODES.ok.code;
  }
  const { replaced, version, notApplied } = answer;
  const count = replaced.length === 1 ? "1 process" : `${replaced.length} processes`;
  say(context, `${what}: ${count} replaced, version ${version} (${took})`);
  if (notApplied.length > 0) {
    const names = notApplied.join(", ");
    say(
      context,
      `new, gone or scaled otherwise in the config: ${names}; see: elpis apply --dry-run`,
    );
  }
  return EXIT_CODES.ok.code;
}
