import { type AppRecord, pickApp, withMaster } from "../../apps.ts";
import { asker } from "../../asker.ts";
import type { CliContext } from "../../context.ts";
import { EXIT_CODES } from "../../exit-codes.ts";
import type { ApplyOptions } from "../../options.ts";
import { printJson, say } from "../../output/report.ts";
import type { ApplyPlan } from "../../preset.ts";
import { type AskedFor, operate } from "./operation.ts";
import { planLines } from "./plan.ts";

/** Reading a config runs it. */
const PLAN_MS = 60_000;

/** Makes what runs what the config says. Shows what that means first; with `dryRun` that is all. */
export async function apply(
  context: CliContext,
  options: ApplyOptions,
  named?: string,
): Promise<number> {
  const app = await pickApp(context, options, named);
  const isDry = options.dryRun === true;
  // Data for programs is one document, and the answer of the operation has the same plan.
  if (isDry || options.json !== true) {
    const plan = await planOf(app, options);
    if (options.json === true) printJson(context, { app: app.name, ...plan });
    else show(context, plan, app.name);
    if (isDry || plan.steps.length === 0) return EXIT_CODES.ok.code;
  }
  const { answer, took } = await operate(context, options, {
    app,
    command: "apply",
    what: `the changes to ${app.name}`,
    ask: ({ client, call }, asked: AskedFor) => client.request("elpis.apply", asked, call),
  });
  if (options.json === true) printJson(context, { app: app.name, ...answer });
  else say(context, `${app.name} is what its config says: version ${answer.version} (${took})`);
  return EXIT_CODES.ok.code;
}

function planOf(app: AppRecord, options: ApplyOptions): Promise<ApplyPlan> {
  const { timeoutMs = PLAN_MS, queue = false } = options;
  return withMaster(app.name, timeoutMs, ({ client, call }) =>
    client.request("elpis.apply", { dryRun: true, queue, by: asker("apply --dry-run") }, call),
  );
}

function show(context: CliContext, plan: ApplyPlan, app: string): void {
  for (const line of planLines(plan, context.stdout.color)) context.stdout.line(line);
  if (plan.steps.length === 0 && plan.needsRestart.length === 0) {
    say(context, `${app} is what its config says; there is nothing to do`);
  }
}
