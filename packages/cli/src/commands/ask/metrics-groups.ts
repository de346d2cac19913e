import type { Client } from "@elpis/api";
import type { CliContext } from "../../context.ts";
import type { MetricsOptions } from "../../options.ts";
import { printJson, printTable } from "../../output/report.ts";
import type { Column } from "../../output/table.ts";
import type { MetricsTopics } from "../../preset.ts";
import { askMetrics } from "./ask-metrics.ts";

const CLEAR = "\u001b[H\u001b[2J";
const GROUP_COLUMNS: readonly Column[] = [{ title: "group" }, { title: "names", align: "right" }];
const POINT_COLUMNS: readonly Column[] = [
  { title: "name" },
  { title: "process", priority: 7 },
  { title: "tags", priority: 6, min: 8 },
  { title: "value", align: "right" },
  { title: "unit", priority: 5 },
  { title: "p50", align: "right", priority: 4 },
  { title: "p99", align: "right", priority: 8 },
  { title: "max", align: "right", priority: 3 },
];

type Point = Awaited<ReturnType<typeof allPoints>>[number];

/** Begins a print of several with the app and the time, and with an empty screen where there is one. */
export function printHeading(context: CliContext, options: MetricsOptions, app: string): void {
  if (options.watch !== true || options.json === true) return;
  const { stdout } = context;
  if (stdout.isTty) stdout.control(CLEAR);
  stdout.line(`${app}  ${new Date().toISOString()}`);
}

/** Prints which groups of metrics an app has. @throws ELPIS_CLI_NO_PLUGIN */
export async function printGroups(
  context: CliContext,
  options: MetricsOptions,
  app: string,
): Promise<void> {
  const groups = await askMetrics(app, options, (client, timeoutMs) =>
    client.request("elpis.metrics.groups", {}, { timeoutMs }),
  );
  const sorted = [...groups].sort((a, b) => (a.group < b.group ? -1 : 1));
  if (options.json === true) {
    printJson(context, { app, time: Date.now(), groups: sorted });
    return;
  }
  printHeading(context, options, app);
  const rows = sorted.map(({ group, names }) => [group, String(names)]);
  printTable(context, GROUP_COLUMNS, rows);
}

/** Prints what is in one group, over all processes of a name. @throws ELPIS_CLI_NO_PLUGIN */
export async function printGroup(
  context: CliContext,
  options: MetricsOptions,
  app: string,
  group: string,
): Promise<void> {
  const points = await askMetrics(app, options, (client, timeoutMs) =>
    allPoints(client, group, timeoutMs),
  );
  if (options.json === true) {
    printJson(context, { app, time: Date.now(), group, points });
    return;
  }
  printHeading(context, options, app);
  const rows = points.map(row).sort((a, b) => (a.join(" ") < b.join(" ") ? -1 : 1));
  printTable(context, POINT_COLUMNS, rows);
}

async function allPoints(client: Client<MetricsTopics>, group: string, timeoutMs: number) {
  const query = { filter: { groups: [group] }, noBuckets: true };
  const first = await client.request("elpis.metrics.points", query, { timeoutMs });
  const points = [...first.points];
  while (points.length < first.total) {
    const next = { ...query, offset: points.length };
    const page = await client.request("elpis.metrics.points", next, { timeoutMs });
    if (page.points.length === 0) break;
    points.push(...page.points);
  }
  return points;
}

function row(point: Point): string[] {
  const tags = Object.entries(point.tags).map(([name, value]) => `${name}=${value}`);
  const common = [point.name, point.source.name ?? "", tags.join(" ")];
  if (point.kind !== "histogram") {
    return [...common, number(point.value), point.unit, "", "", ""];
  }
  const { count, unit, p50, p99, max } = point;
  return [...common, number(count), unit, number(p50), number(p99), number(max)];
}

/** As many digits as tell something. */
function number(value: number): string {
  if (Number.isInteger(value)) return String(value);
  return String(Number(value.toPrecision(4)));
}
