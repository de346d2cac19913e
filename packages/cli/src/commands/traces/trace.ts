import type { TraceDetails } from "@elpis/api";
import { pickApp } from "../../apps.ts";
import type { CliContext } from "../../context.ts";
import { noSuchTrace } from "../../errors.ts";
import { EXIT_CODES } from "../../exit-codes.ts";
import type { CommonOptions } from "../../options.ts";
import { paint } from "../../output/color.ts";
import { glyphsFor } from "../../output/glyphs.ts";
import { printable } from "../../output/printable.ts";
import { printJson } from "../../output/report.ts";
import { wrap } from "../../output/table.ts";
import { traceIdOf, withTraces } from "./ask.ts";
import { failureOf } from "./notes.ts";
import { colorOfStatus, formatTook, timeText, traceShape } from "./text.ts";
import { drawTree } from "./tree.ts";

const LABEL_WIDTH = 12;
/** Where nobody says how wide it may be. */
const DEFAULT_WIDTH = 100;
const MAX_NAMED = 20;

/** Shows one trace as a tree of its spans. @param given its id, or the beginning of it */
export async function trace(
  context: CliContext,
  options: CommonOptions,
  given: string,
): Promise<number> {
  const app = await pickApp(context, options, undefined);
  const found = await withTraces(app.name, options, async (line) => {
    const traceId = await traceIdOf(line, app.name, given);
    return line.client.request("elpis.trace.get", { traceId }, line.call);
  });
  if (found === null) throw noSuchTrace(app.name, given);
  if (options.json === true) {
    const { tree, omitted } = found;
    printJson(context, { app: app.name, trace: { ...traceShape(found), tree, omitted } });
  } else print(context, found);
  return EXIT_CODES.ok.code;
}

function print({ stdout, env }: CliContext, found: TraceDetails): void {
  const { color, columns: width = DEFAULT_WIDTH } = stdout;
  for (const [label, value] of facts(found)) {
    for (const [at, line] of wrap(value, Math.max(20, width - LABEL_WIDTH)).entries()) {
      const head = (at === 0 ? label : "").padEnd(LABEL_WIDTH);
      const painted = label === "status" ? colorOfStatus(found.status) : undefined;
      const text = painted === undefined ? line : paint(line, painted, color);
      stdout.line(`${paint(head, "cyan", color)}${text}`.trimEnd());
    }
  }
  stdout.line("");
  const glyphs = glyphsFor(env, process.platform);
  for (const line of drawTree(found.tree, { width, glyphs, color })) stdout.line(line);
  const failures = failuresOf(found);
  if (failures.length > 0) stdout.line("");
  for (const failure of failures) stdout.line(paint(failure, "red", color));
}

/** What is known of the whole, each as a label and a text. */
function facts(found: TraceDetails): Array<readonly [string, string]> {
  const { spans, errors, omitted, open } = found;
  const counts = [
    String(spans),
    ...(errors > 0 ? [`${errors} failed`] : []),
    ...(omitted > 0 ? [`${omitted} left out, as there were too many`] : []),
  ];
  return [
    ["trace", found.traceId],
    ["name", printable(found.name)],
    ["status", found.statuses.join(", ")],
    ["began", timeText(found.start)],
    ["took", formatTook(found.durationMs)],
    ["processes", named(found.processes)],
    ["spans", counts.join(", ")],
    ...(open.length > 0 ? [["open", named(open)] as const] : []),
  ];
}

function named(names: readonly string[]): string {
  const more = names.length - MAX_NAMED;
  const shown = names.slice(0, MAX_NAMED).map(printable).join(", ");
  return more > 0 ? `${shown} and ${more} more` : shown;
}

/** Why spans failed, whole: in the tree there is little room. */
function failuresOf({ tree }: TraceDetails): string[] {
  const all = tree.flatMap((span) => {
    const why = failureOf(span);
    const who = `${printable(span.name)} (${printable(span.process)})`;
    return why === undefined ? [] : [`! ${who}: ${why}`];
  });
  const more = all.length - MAX_NAMED;
  return more > 0 ? [...all.slice(0, MAX_NAMED), `! and ${more} more`] : all;
}
