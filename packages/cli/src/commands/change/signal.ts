import { pickApp, withMaster } from "../../apps.ts";
import { asker } from "../../asker.ts";
import type { CliContext } from "../../context.ts";
import { usageError } from "../../errors.ts";
import { EXIT_CODES } from "../../exit-codes.ts";
import type { CommonOptions } from "../../options.ts";
import { printJson, say } from "../../output/report.ts";

const DEFAULT_TIMEOUT_MS = 10_000;

/** Sends a signal to processes of an app: `web jobs.0 SIGHUP`. */
export async function signal(
  context: CliContext,
  options: CommonOptions,
  words: readonly string[],
): Promise<number> {
  const processes = words.slice(0, -1);
  const name = signalName(words.at(-1) ?? "");
  if (processes.length === 0) {
    throw usageError("name processes and then a signal, as in: elpis signal web.0 SIGUSR2");
  }
  const app = await pickApp(context, options, undefined);
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const { pids } = await withMaster(app.name, timeoutMs, ({ client, call }) =>
    client.request("elpis.signal", { processes, signal: name, by: asker("signal") }, call),
  );
  if (options.json === true) printJson(context, { app: app.name, signal: name, pids });
  else say(context, `${name} sent to ${pids.length === 0 ? "nobody" : `pid ${pids.join(", ")}`}`);
  return EXIT_CODES.ok.code;
}

/** `hup`, `HUP` and `SIGHUP` are the same. */
export function signalName(text: string): string {
  const upper = text.toUpperCase();
  return /^[A-Z]/.test(upper) && !upper.startsWith("SIG") ? `SIG${upper}` : upper;
}
