import type { CliContext } from "../../context.ts";
import { explainDefinition } from "../../definition.ts";
import { EXIT_CODES } from "../../exit-codes.ts";
import type { RunOptions } from "../../options.ts";
import { printJson, printTable } from "../../output/report.ts";
import type { Column } from "../../output/table.ts";

const COLUMNS: readonly Column[] = [
  { title: "key", priority: 8, min: 20, wrap: true },
  { title: "value", priority: 7, min: 16, wrap: true },
  { title: "from", priority: 2, min: 10 },
];

/** Shows the configuration of an app as it is in effect, and where each value came from. Secrets are blanked. */
export async function config(context: CliContext, options: RunOptions): Promise<number> {
  const { name: app, file, values } = await explainDefinition(context, options);
  if (options.json === true) printJson(context, { app, file, values });
  else {
    const rows = values.map(({ path, value, origin }) => [path, text(value), originText(origin)]);
    printTable(context, COLUMNS, rows);
  }
  return EXIT_CODES.ok.code;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Where a value came from, for a person: what kind of place, and whatever says which. */
export function originText(origin: { readonly from: string }): string {
  const { from, ...which } = origin;
  return [from, ...Object.values(which).map(String)].join(" ");
}
