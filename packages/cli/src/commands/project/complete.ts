import type { Command } from "commander";
import { appStatus, findApps } from "../../apps.ts";
import type { CliContext } from "../../context.ts";
import { EXIT_CODES } from "../../exit-codes.ts";
import { taskNames } from "../tasks/ask.ts";
import { candidates, type Names } from "./candidates.ts";

/** Whoever presses a key does not wait for a master that does not answer. */
const ANSWER_MS = 500;

/** Prints what the last of `words` may become, one a line. Never fails: a shell has nowhere to put an error. */
export async function complete(
  context: CliContext,
  program: Command,
  words: readonly string[],
): Promise<number> {
  const names: Names = {
    apps: async () => (await findApps()).flatMap(({ name, alive }) => (alive ? [name] : [])),
    processes: (app) => processNames(app),
    tasks: async (app) => {
      const running = await runningApps(app);
      return (await Promise.all(running.map((one) => taskNames(one, ANSWER_MS)))).flat();
    },
  };
  const found = await candidates(program, words, names).catch(() => []);
  for (const one of found) context.stdout.line(one);
  return EXIT_CODES.ok.code;
}

/** The processes of an app, or of all where none is named: `web`, and `web.0` and `web.1` where there are several. */
async function processNames(app: string | undefined): Promise<string[]> {
  const running = await runningApps(app);
  const all = await Promise.all(
    running.map((name) => appStatus(name, ANSWER_MS).catch(() => undefined)),
  );
  const own = all
    .flatMap((status) => status?.processes ?? [])
    .filter(({ role }) => role !== "master");
  return [...own.map(({ name }) => name), ...own.map(({ name, index }) => `${name}.${index}`)];
}

async function runningApps(app: string | undefined): Promise<string[]> {
  const running = (await findApps()).filter(({ alive, name }) => alive && name === (app ?? name));
  return running.map(({ name }) => name);
}
