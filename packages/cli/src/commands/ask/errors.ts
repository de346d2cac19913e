import { pickApp } from "../../apps.ts";
import type { CliContext } from "../../context.ts";
import { noPlugin } from "../../errors.ts";
import { EXIT_CODES } from "../../exit-codes.ts";
import type { ErrorsOptions } from "../../options.ts";
import { paint } from "../../output/color.ts";
import { printable } from "../../output/printable.ts";
import { printJson, say } from "../../output/report.ts";
import { askPicked } from "../../picked.ts";
import type { ErrorItem } from "../../preset.ts";

const DEFAULT_LINES = 20;
const DEFAULT_TIMEOUT_MS = 10_000;

/** Shows the newest errors of all processes of an app, the newest last; with `follow` also those that come. */
export async function errors(
  context: CliContext,
  options: ErrorsOptions,
  named?: string,
): Promise<number> {
  const app = await pickApp(context, options, named);
  const { lines = DEFAULT_LINES, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  if (options.follow === true) {
    const { followErrors } = await import("./follow-errors.ts");
    const show = (one: ErrorItem): void =>
      options.json === true ? printJson(context, one) : print(context, one, options.stack === true);
    await followErrors(context, { app: app.name, lines, timeoutMs, print: show });
    return EXIT_CODES.ok.code;
  }
  const query = { limit: String(lines) };
  const found = await askPicked(app.name, timeoutMs, (client, call) =>
    client.request("elpis.errors", query, call),
  );
  if (found === undefined) throw noPlugin(app.name, "admin");
  const { count, total, absent } = found;
  if (options.json === true) {
    printJson(context, { app: app.name, count, total, absent, items: found.items });
    return EXIT_CODES.ok.code;
  }
  const items = [...found.items].reverse();
  for (const one of items) print(context, one, options.stack === true);
  const missing = absent.length > 0 ? `; no answer from ${absent.join(", ")}` : "";
  say(context, `${items.length} of ${count} that are kept, ${total} in all${missing}`);
  return EXIT_CODES.ok.code;
}

function print({ stdout }: CliContext, one: ErrorItem, withStack: boolean): void {
  const who = paint(`${one.process}.${one.index}[${one.pid}]`, "cyan", stdout.color);
  const head = `${new Date(one.time).toISOString()} ${who} ${printable(`${one.origin} ${one.errType}`)}: `;
  const [first = "", ...more] = one.message.split("\n");
  stdout.line(`${head}${printable(first)}`);
  const lines = withStack && one.stack !== "" ? one.stack.split("\n") : more;
  for (const line of lines) stdout.line(`    ${printable(line.trim())}`);
}
