import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import type { CliContext } from "../../context.ts";
import { fileExists, forbidden, usageError } from "../../errors.ts";
import { EXIT_CODES } from "../../exit-codes.ts";
import type { InitOptions } from "../../options.ts";
import { printJson, say } from "../../output/report.ts";
import { importSource } from "./import.ts";
import { configSource, guessEntry, procfileSource } from "./templates.ts";

/** The files of which a project has one; `init` writes none beside another. */
const KNOWN: readonly string[] = [
  ...["ts", "mts", "js", "mjs", "cjs"].map((ending) => `elpis.config.${ending}`),
  ...["js", "cjs", "mjs", "ts"].map((ending) => `procfile.${ending}`),
];

/** What is to be written. */
interface Draft {
  readonly source: string;
  readonly notes: readonly string[];
}

/** Writes a config to begin with, made from what the project was started with until now where that is given. */
export async function init(
  context: CliContext,
  options: InitOptions,
  where = ".",
): Promise<number> {
  const dir = resolve(context.cwd, where);
  if (options.from !== undefined && options.procfile === true) {
    throw usageError("--from writes a config; leave out --procfile");
  }
  const file = join(dir, options.procfile === true ? "procfile.js" : "elpis.config.ts");
  refuseBeside(dir, options.force === true);
  const draft = await draftFor(context, options, dir);
  write(file, draft.source, options.force === true);
  if (options.json === true) printJson(context, { file, notes: draft.notes });
  else {
    say(context, `written: ${relative(context.cwd, file) || basename(file)}`);
    for (const note of draft.notes) say(context, `look at: ${note}`);
    say(context, "try it: npx elpis dev");
  }
  return EXIT_CODES.ok.code;
}

/** Another file that describes the project would go before this one, or be forgotten. */
function refuseBeside(dir: string, force: boolean): void {
  const other = KNOWN.map((name) => join(dir, name)).find((one) => existsSync(one));
  if (other !== undefined && !force) throw fileExists(other);
}

async function draftFor(context: CliContext, options: InitOptions, dir: string): Promise<Draft> {
  if (options.from !== undefined) return importSource(resolve(context.cwd, options.from));
  const entry = guessEntry(dir);
  const source = options.procfile === true ? procfileSource(entry.file) : configSource(entry.file);
  const note = `${entry.file} is a guess; say there which file your app begins with`;
  return { source, notes: entry.isSure ? [] : [note] };
}

function write(file: string, source: string, force: boolean): void {
  try {
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, source, { flag: force ? "w" : "wx" });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "EEXIST") throw fileExists(file);
    const why = (cause as Error).message;
    throw forbidden(`it cannot be written (${why})`, file, "give another directory", cause);
  }
}
