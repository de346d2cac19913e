import { pickApp, withMaster } from "../../apps.ts";
import type { CliContext } from "../../context.ts";
import { formatDuration } from "../../duration.ts";
import { EXIT_CODES } from "../../exit-codes.ts";
import type { CommonOptions } from "../../options.ts";
import { paint } from "../../output/color.ts";
import { printJson } from "../../output/report.ts";
import { formatBytes, formatShare, wrap } from "../../output/table.ts";
import type { ProcessDetails } from "../../preset.ts";
import { formatDelay, restartsText } from "./health.ts";
import { stateText } from "./ps.ts";

const DEFAULT_TIMEOUT_MS = 10_000;
const LABEL_WIDTH = 14;

/** Shows everything about one process, such as `web.1`; `web` is its first. */
export async function show(
  context: CliContext,
  options: CommonOptions,
  wanted: string,
): Promise<number> {
  const app = await pickApp(context, options, undefined);
  const details = await withMaster(
    app.name,
    options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    ({ client, call }) => client.request("elpis.show", { process: wanted }, call),
  );
  if (options.json === true) printJson(context, details);
  else print(context, details);
  return EXIT_CODES.ok.code;
}

function print(context: CliContext, details: ProcessDetails): void {
  const { stdout } = context;
  const room = stdout.columns === undefined ? 0 : Math.max(20, stdout.columns - LABEL_WIDTH);
  for (const [label, ...values] of facts(details)) {
    const lines = values.flatMap((value) => wrap(value, room));
    for (const [at, line] of (lines.length === 0 ? ["-"] : lines).entries()) {
      const head = (at === 0 ? label : "").padEnd(LABEL_WIDTH);
      stdout.line(`${paint(head, "cyan", stdout.color)}${line}`.trimEnd());
    }
  }
}

/** What is known, each as a label and its lines. */
function facts(details: ProcessDetails): Array<readonly [string, ...string[]]> {
  const { status, policy, env, ports, versions, lastLines } = details;
  const pairs = (values: Readonly<Record<string, unknown>>): string[] =>
    Object.entries(values).map(([key, value]) => `${key} = ${text(value)}`);
  return [
    ["process", `${status.name}.${status.index} of ${details.app} (${status.role})`],
    ["state", stateText(status)],
    ["pid", status.pid === undefined ? "-" : String(status.pid)],
    ["version", String(status.version)],
    ["uptime", status.pid === undefined ? "-" : formatDuration(status.uptimeMs)],
    ["restarts", restartsText(status)],
    ...lastExit(status),
    ["cpu", formatShare(status.cpu)],
    ["memory", formatBytes(status.rssBytes)],
    ...vitals(status),
    ["runs", details.entry ?? details.command?.join(" ") ?? "-"],
    ["arguments", ...details.args],
    ["node", ...details.nodeArgs],
    ["directory", details.cwd],
    ["variables", ...pairs(env)],
    ["supervision", ...pairs(policy)],
    ["ports", ...ports.map(({ address, port }) => `${address}:${port}`)],
    ["versions", ...versions.map(versionText)],
    ["last lines", ...lastLines],
  ];
}

function lastExit({ lastExit: exit }: ProcessDetails["status"]): Array<readonly [string, string]> {
  if (exit === undefined) return [];
  const how = exit.signal ?? `exit code ${exit.code}`;
  return [["last exit", `${how} (${exit.cause}), ${new Date(exit.at).toISOString()}`]];
}

function vitals({ vitals: said }: ProcessDetails["status"]): Array<readonly [string, string]> {
  if (said === undefined) return [];
  const { loopDelayMs, utilization, heapUsedBytes, heapLimitBytes } = said;
  const loop = `p99 ${formatDelay(loopDelayMs.p99)}, latest ${formatDelay(loopDelayMs.max)}`;
  return [
    ["event loop", `${loop}, busy ${formatShare(utilization)}`],
    ["heap", `${formatBytes(heapUsedBytes)} of ${formatBytes(heapLimitBytes)}`],
    [
      "requests",
      `${said.requests}, errors ${said.errors}, open ${said.openRequests}, uncaught ${said.uncaught}`,
    ],
  ];
}

function versionText({ version, at, good }: ProcessDetails["versions"][number]): string {
  return `${version} since ${new Date(at).toISOString()}${good ? "" : ", not good"}`;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
