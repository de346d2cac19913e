import { resolve } from "node:path";
import { pickApp, withMaster } from "../../apps.ts";
import { asker } from "../../asker.ts";
import type { CliContext } from "../../context.ts";
import { readDuration } from "../../duration.ts";
import { EXIT_CODES } from "../../exit-codes.ts";
import type { CommonOptions, DiagOptions } from "../../options.ts";
import { printJson, say } from "../../output/report.ts";
import { formatBytes } from "../../output/table.ts";
import type { DiagnosisKind } from "../../preset.ts";

const DEFAULT_TIMEOUT_MS = 30_000;
/** A heap of gigabytes takes its time to be written. */
const DIAGNOSIS_TIMEOUT_MS = 300_000;
const PROFILE_MS = 5000;

/** Opens the inspector of a process and prints where a debugger finds it. */
export async function inspect(
  context: CliContext,
  options: CommonOptions,
  wanted: string,
): Promise<number> {
  const app = await pickApp(context, options, undefined);
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const { pid, url } = await withMaster(app.name, timeoutMs, ({ client, call }) =>
    client.request("elpis.inspect", { process: wanted, by: asker("inspect") }, call),
  );
  if (options.json === true) {
    printJson(context, { app: app.name, process: wanted, pid, url, devtools: devtools(url) });
  } else {
    say(context, `the inspector of ${wanted} (pid ${pid}) is open; in Chrome, open:`);
    context.stdout.line(devtools(url));
    say(context, `for other debuggers: ${url}`);
  }
  return EXIT_CODES.ok.code;
}

/** The page of Chrome's own debugger for an inspector. */
function devtools(url: string): string {
  const place = url.replace(/^ws:\/\//, "");
  return `devtools://devtools/bundled/js_app.html?experiments=true&v8only=true&ws=${place}`;
}

/** Looks into a process: a CPU profile, a heap snapshot, a diagnostic report, or a garbage collection. */
export async function diag(
  context: CliContext,
  options: DiagOptions,
  wanted: string,
  kind: DiagnosisKind,
): Promise<number> {
  const durationMs = options.for === undefined ? PROFILE_MS : readDuration("--for", options.for);
  const app = await pickApp(context, options, undefined);
  const timeoutMs = options.timeoutMs ?? DIAGNOSIS_TIMEOUT_MS + durationMs;
  const input = {
    process: wanted,
    kind,
    by: asker("diag"),
    ...(kind === "cpu-profile" && { durationMs }),
    // The master's directory is another one.
    ...(options.out !== undefined && { dir: resolve(context.cwd, options.out) }),
  };
  if (options.json !== true && kind === "cpu-profile") {
    say(context, `measuring ${wanted} for ${durationMs} ms`);
  }
  const answer = await withMaster(app.name, timeoutMs, ({ client, call }) =>
    client.request("elpis.diag", input, call),
  );
  if (options.json === true) {
    printJson(context, { app: app.name, process: wanted, kind, ...answer });
  } else if (answer.file !== undefined) context.stdout.line(answer.file);
  else say(context, `${wanted} (pid ${answer.pid}) gave back ${formatBytes(answer.freedBytes)}`);
  return EXIT_CODES.ok.code;
}
