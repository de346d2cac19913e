import { pickApp } from "../../apps.ts";
import type { CliContext } from "../../context.ts";
import { EXIT_CODES } from "../../exit-codes.ts";
import type { OperationOptions } from "../../options.ts";
import { printJson, say } from "../../output/report.ts";
import { operate } from "./operation.ts";
import { readScaleItems } from "./scale-items.ts";

/** Changes how many instances of processes there are: `[app] web=+2 jobs=1`. */
export async function scale(
  context: CliContext,
  options: OperationOptions,
  words: readonly string[],
): Promise<number> {
  const items = readScaleItems(words);
  const app = await pickApp(context, options, items.app);
  const { answer, took } = await operate(context, options, {
    app,
    command: "scale",
    what: `the scaling of ${Object.keys(items.scale).join(", ")} of ${app.name}`,
    ask: ({ client, call }, asked) =>
      client.request("elpis.scale", { ...asked, scale: items.scale }, call),
  });
  if (options.json === true) printJson(context, { app: app.name, ...answer });
  else {
    const parts = Object.entries(answer.scale).map(([name, { from, to }]) =>
      from === to ? `${name} stays at ${to}` : `${name} from ${from} to ${to}`,
    );
    say(context, `${app.name} scaled: ${parts.join(", ")} (${took})`);
  }
  return EXIT_CODES.ok.code;
}
