import { pickApp } from "../../apps.ts";
import type { CliContext } from "../../context.ts";
import { EXIT_CODES } from "../../exit-codes.ts";
import type { OperationOptions } from "../../options.ts";
import { printJson, say } from "../../output/report.ts";
import { meantText, operate } from "./operation.ts";

/** Stops and starts the processes of an app one after another; `reload` does it without a gap. */
export async function restart(
  context: CliContext,
  options: OperationOptions,
  named?: string,
): Promise<number> {
  const app = await pickApp(context, options, named);
  const meant = meantText(app.name, options);
  const { took } = await operate(context, options, {
    app,
    command: "restart",
    what: `the restart of ${meant}`,
    ask: ({ client, call }, asked) => client.request("elpis.restart", asked, call),
  });
  const processes = options.process ?? [];
  if (options.json === true) printJson(context, { restarted: { app: app.name, processes } });
  else say(context, `${meant} restarted (${took})`);
  return EXIT_CODES.ok.code;
}

/** Starts processes of a running app that are stopped or have failed. */
export async function startProcesses(
  context: CliContext,
  options: OperationOptions,
  named?: string,
): Promise<number> {
  const app = await pickApp(context, options, named);
  const meant = meantText(app.name, options);
  const { took } = await operate(context, options, {
    app,
    command: "start",
    what: `the start of ${meant}`,
    ask: ({ client, call }, asked) => client.request("elpis.start", asked, call),
  });
  const processes = options.process ?? [];
  if (options.json === true) printJson(context, { started: { app: app.name, processes } });
  else say(context, `${meant} started (${took})`);
  return EXIT_CODES.ok.code;
}

/** Stops processes of a running app; the others, and its master, go on. */
export async function stopProcesses(
  context: CliContext,
  options: OperationOptions & { readonly now?: boolean | undefined },
  named?: string,
): Promise<number> {
  const app = await pickApp(context, options, named);
  const meant = meantText(app.name, options);
  const now = options.now === true;
  const { took } = await operate(context, options, {
    app,
    command: "stop",
    what: `the stop of ${meant}`,
    ask: ({ client, call }, asked) => client.request("elpis.stop", { ...asked, now }, call),
  });
  const processes = options.process ?? [];
  if (options.json === true) {
    printJson(context, { stopped: { app: app.name, pid: app.pid, processes } });
  } else {
    say(context, `${meant} stopped (${took}); start them again with: elpis start --process`);
  }
  return EXIT_CODES.ok.code;
}
