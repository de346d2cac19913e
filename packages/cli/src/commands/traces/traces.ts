import type { TraceStats, TraceSummary } from "@elpis/api";
import { pickApp } from "../../apps.ts";
import type { CliContext } from "../../context.ts";
import { EXIT_CODES } from "../../exit-codes.ts";
import type { TracesOptions } from "../../options.ts";
import { paint } from "../../output/color.ts";
import { printJson, say } from "../../output/report.ts";
import { findTraces, withTraces } from "./ask.ts";
import { queryOf } from "./query.ts";
import { traceLines, traceShape } from "./text.ts";

const DEFAULT_LINES = 20;
const LABEL_WIDTH = 22;

/** Shows the newest traces of an app, the newest last; with `follow` also those that come. */
export async function traces(
  context: CliContext,
  options: TracesOptions,
  named?: string,
): Promise<number> {
  const query = queryOf(options, Date.now());
  const app = await pickApp(context, options, named);
  const { lines = DEFAULT_LINES, json = false } = options;
  if (options.stats === true) {
    await printStats(context, options, app.name);
  } else if (options.follow === true) {
    const { followTraces } = await import("./follow.ts");
    const { timeoutMs } = options;
    const show = json ? printEach(context) : printLines(context);
    await followTraces(context, { app: app.name, query, lines, timeoutMs, print: show });
  } else {
    const found = await withTraces(app.name, options, (line) => findTraces(line, query, lines));
    const { total, lastSeq, items } = found;
    if (json) {
      printJson(context, { app: app.name, total, lastSeq, items: items.map(traceShape) });
    } else {
      if (items.length > 0) printLines(context)([...items].reverse());
      say(context, `${items.length} of ${total} traces that match`);
    }
  }
  return EXIT_CODES.ok.code;
}

/** Prints traces below one heading, also those that come later. */
function printLines({ stdout }: CliContext): (items: readonly TraceSummary[]) => void {
  let isHeaded = false;
  return (items) => {
    const [heading = "", ...lines] = traceLines(items, stdout.columns, stdout.color);
    if (!isHeaded) stdout.line(heading);
    isHeaded = true;
    for (const line of lines) stdout.line(line);
  };
}

function printEach(context: CliContext): (items: readonly TraceSummary[]) => void {
  return (items) => {
    for (const one of items) printJson(context, traceShape(one));
  };
}

async function printStats(context: CliContext, options: TracesOptions, app: string): Promise<void> {
  const stats = await withTraces(app, options, ({ client, call }) =>
    client.request("elpis.trace.stats", {}, call),
  );
  if (options.json === true) return printJson(context, { app, stats });
  const { stdout } = context;
  for (const [label, value] of figures(stats)) {
    stdout.line(`${paint(label.padEnd(LABEL_WIDTH), "cyan", stdout.color)}${value}`);
  }
}

function figures(stats: TraceStats): ReadonlyArray<readonly [string, string]> {
  const { kept, letGo, spans, spansLetGo, late, lostAtSender, lostHere, pending, cached } = stats;
  return [
    ["traces kept", String(kept)],
    ["traces let go", `${letGo}, with ${spansLetGo} spans`],
    ["spans", String(spans)],
    ["spans too late", String(late)],
    ["spans lost", `${lostAtSender} at their senders, ${lostHere} on arrival`],
    [
      "not decided on",
      `${pending.traces}, with ${pending.spans} spans and ${pending.open} open, ${kilobytes(pending.bytes)}`,
    ],
    ["can be looked at", `${cached.traces}, ${kilobytes(cached.bytes)}`],
  ];
}

function kilobytes(bytes: number): string {
  return `${Math.ceil(bytes / 1000)} kB`;
}
