import { pickApp } from "../../apps.ts";
import { asker } from "../../asker.ts";
import type { CliContext } from "../../context.ts";
import { EXIT_CODES } from "../../exit-codes.ts";
import type { CommonOptions } from "../../options.ts";
import { printJson, say } from "../../output/report.ts";
import { withTasks } from "./ask.ts";

const DEFAULT_TIMEOUT_MS = 10_000;

/** Lets a task have no times, until it is resumed; what runs goes on. */
export async function pause(
  context: CliContext,
  options: CommonOptions,
  task: string,
): Promise<number> {
  return await change(context, options, task, "pause");
}

/** Lets a task have its times again. */
export async function resume(
  context: CliContext,
  options: CommonOptions,
  task: string,
): Promise<number> {
  return await change(context, options, task, "resume");
}

async function change(
  context: CliContext,
  options: CommonOptions,
  task: string,
  what: "pause" | "resume",
): Promise<number> {
  const app = await pickApp(context, options, undefined);
  const { timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const status = await withTasks(app.name, timeoutMs, ({ client, call }) =>
    client.request(`elpis.tasks.${what}`, { task, by: asker(`tasks ${what}`) }, call),
  );
  if (options.json === true) printJson(context, { app: app.name, task: status });
  else say(context, `${task} of ${app.name} is ${what}d`);
  return EXIT_CODES.ok.code;
}
