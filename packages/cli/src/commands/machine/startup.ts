import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { userName } from "../../asker.ts";
import type { CliContext } from "../../context.ts";
import { loadDefinition } from "../../definition.ts";
import { fileExists, forbidden, noSuchPlatform, usageError } from "../../errors.ts";
import { EXIT_CODES } from "../../exit-codes.ts";
import type { StartupOptions } from "../../options.ts";
import { printJson, say } from "../../output/report.ts";
import { launchdPlist } from "./launchd.ts";
import { nextSteps, type Step, takeSteps } from "./next-steps.ts";
import { openrcScript } from "./openrc.ts";
import { detectPlatform, PLATFORMS, type Platform, type Scope, unitFile } from "./platform.ts";
import { systemdUnit, systemFolder } from "./systemd.ts";
import { type UnitFacts, unitFacts } from "./unit-facts.ts";

/** Where the file of an app goes, and for whom. */
interface Place {
  readonly app: string;
  readonly platform: Platform;
  readonly scope: Scope;
  readonly file: string;
}

const MAKERS: Readonly<Record<Platform, (facts: UnitFacts) => string>> = {
  systemd: systemdUnit,
  launchd: launchdPlist,
  openrc: openrcScript,
};

/** Prints what starts an app when the machine starts; with `write` installs it, with `remove` takes it away. */
export async function startup(context: CliContext, options: StartupOptions): Promise<number> {
  const platform = readPlatform(options.platform);
  const scope = readScope(platform, options);
  if (options.remove === true) return remove(context, options, platform, scope);
  const definition = await loadDefinition(context, options);
  const facts = unitFacts(context, definition, options, scope, options.as ?? userName());
  const file = unitFile(platform, scope, facts.app, context.env);
  const place = { app: facts.app, platform, scope, file };
  const text = MAKERS[platform](facts);
  const steps = nextSteps(place, "add");
  if (options.write === true) return write(context, options, place, text, steps);
  if (options.json === true) {
    printJson(context, {
      ...place,
      text,
      written: false,
      ran: [],
      next: steps.map(({ line }) => line),
    });
  } else {
    context.stdout.line(text.trimEnd());
    say(context, `this belongs in ${file}; install it with: elpis startup --write`);
  }
  return EXIT_CODES.ok.code;
}

function readPlatform(text: string | undefined): Platform {
  if (text === undefined) return detectPlatform();
  const found = PLATFORMS.find((one) => one === text);
  if (found === undefined) throw noSuchPlatform(text, PLATFORMS);
  return found;
}

function readScope(platform: Platform, { scope, as }: StartupOptions): Scope {
  const isRoot = process.getuid?.() === 0;
  const found = scope ?? (isRoot || platform === "openrc" || as !== undefined ? "system" : "user");
  if (platform === "openrc" && found === "user") {
    throw usageError("openrc starts services of the whole machine only; use --system");
  }
  if (found === "user" && as !== undefined) throw usageError("--as goes with --system");
  return found;
}

function write(
  context: CliContext,
  options: StartupOptions,
  place: Place,
  text: string,
  steps: readonly Step[],
): number {
  const { file, platform } = place;
  permitted(file, () => {
    mkdirSync(dirname(file), { recursive: true });
    const flag = options.force === true ? "w" : "wx";
    writeFileSync(file, text, { mode: platform === "openrc" ? 0o755 : 0o644, flag });
  });
  return finish(context, options, place, { text, written: true }, steps);
}

async function remove(
  context: CliContext,
  options: StartupOptions,
  platform: Platform,
  scope: Scope,
): Promise<number> {
  // The config may be gone by now; whoever names the app does not need it.
  const app = options.app ?? (await loadDefinition(context, options)).name;
  const file = unitFile(platform, scope, app, context.env);
  const place = { app, platform, scope, file };
  const [before = [], after = []] = splitSteps(nextSteps(place, "remove"));
  const stopped = takeSteps(before);
  let removed = true;
  permitted(file, () => {
    try {
      rmSync(file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      removed = false;
    }
  });
  const done = takeSteps(after);
  const ran = [...stopped.ran, ...done.ran];
  if (options.json === true) printJson(context, { ...place, removed, ran });
  else say(context, removed ? `${file} is removed` : `there is no ${file}`);
  return EXIT_CODES.ok.code;
}

/** Those before the file is gone, and those after. */
function splitSteps(steps: readonly Step[]): [Step[], Step[]] {
  return [steps.filter(({ isLast }) => !isLast), steps.filter(({ isLast }) => isLast)];
}

function finish(
  context: CliContext,
  options: StartupOptions,
  place: Place,
  result: { readonly text: string; readonly written: boolean },
  steps: readonly Step[],
): number {
  const { ran, left } = takeSteps(steps);
  if (options.json === true) {
    printJson(context, { ...place, ...result, ran, next: left });
    return EXIT_CODES.ok.code;
  }
  say(context, `written: ${place.file}`);
  for (const line of ran) say(context, `done: ${line}`);
  for (const line of left) say(context, `next: ${line}`);
  for (const line of howToAsk(context, options, place)) say(context, line);
  return EXIT_CODES.ok.code;
}

/** What the machine starts has a folder of its own, where a plain `elpis list` does not look. */
function howToAsk(context: CliContext, options: StartupOptions, place: Place): string[] {
  const { platform, scope } = place;
  const { ELPIS_HOME: home } = context.env;
  if (platform !== "systemd" || scope !== "system" || (home !== undefined && home !== ""))
    return [];
  const user = options.as ?? userName();
  return [`to ask it, as ${user}: ELPIS_HOME=/run/${systemFolder(user)} elpis list`];
}

function permitted(file: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") throw fileExists(file);
    if (code !== "EACCES" && code !== "EPERM" && code !== "EROFS") throw error;
    throw forbidden(`it cannot be changed (${message})`, file, "use --user, or sudo", error);
  }
}
