import { parseDuration, Reject, type Reporter } from "@elpis/api";
import { parametersOf, rebuilt } from "./errors.ts";
import type { OneApmOptions } from "./index.ts";
import { loadAgent, type OneApm } from "./load.ts";

/** The host waits for two seconds in all. */
const SHUTDOWN_MS = 1500;
/** What the agent keeps of a minute; it drops the others without a word. */
const ERRORS = 20;

/** Hands errors to the agent of OneAPM in this process, which sends by itself, once a minute. */
export async function oneApmReporter(options: OneApmOptions): Promise<Reporter> {
  const api = await loadAgent();
  let closing: Promise<void> | undefined;
  return {
    wants: { signals: ["errors"], intervalMs: 60_000, maxItems: ERRORS, retry: "never" },
    async report({ errors }, { signal }) {
      signal.throwIfAborted();
      if (closing !== undefined) throw new Reject("the agent has ended");
      let kept = api.agent?.errors?.errors?.length ?? 0;
      let rejected = 0;
      for (const record of errors) {
        if (kept < ERRORS) api.noticeError(rebuilt(record), parametersOf(record));
        else rejected++;
        kept++;
      }
      if (rejected === 0) return;
      return { rejected, reason: `the agent keeps ${ERRORS} errors until it sends them` };
    },
    close() {
      closing ??= options.shutdown === false ? Promise.resolve() : end(api, options);
      return closing;
    },
  };
}

/** Has the agent send what it has, and ends it; without waiting for a server that is silent. */
function end({ agent }: OneApm, { shutdownTimeout }: OneApmOptions): Promise<void> {
  const ms = parseDuration(shutdownTimeout ?? SHUTDOWN_MS) ?? SHUTDOWN_MS;
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    const stop = (): void => (agent?.stop === undefined ? done() : agent.stop(done));
    if (agent?.harvest === undefined) stop();
    else agent.harvest(stop);
  });
}
