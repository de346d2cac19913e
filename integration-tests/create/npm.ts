import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { ROOT } from "../docs/blocks.ts";

const run = promisify(execFile);
/** What npm is told at each call: nothing that is installed here comes from anywhere else. */
const OFFLINE = ["--offline", "--ignore-scripts", "--no-audit", "--no-fund", "--no-save"];
const TIMEOUT_MS = 60_000;

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** A user's npm: without what the one that runs these tests has set, and with a cache of its own. */
export class Npm {
  readonly #env: NodeJS.ProcessEnv;

  /** @param cache a folder that is its own */
  constructor(cache: string) {
    const kept = Object.entries(process.env).filter(
      ([name]) => !/^(npm_|VITEST|NODE_ENV$|NODE_OPTIONS$|FORCE_COLOR$|INIT_CWD$)/i.test(name),
    );
    this.#env = {
      ...Object.fromEntries(kept),
      ...{ npm_config_cache: cache, npm_config_update_notifier: "false", NO_COLOR: "1" },
    };
  }

  /** Runs npm to its end. @returns what it printed. Rejects with that when it fails. */
  async run(cwd: string, ...args: readonly string[]): Promise<string> {
    const { npm_execpath: self = "" } = process.env;
    const [file, before] = self.endsWith("npm-cli.js") ? [process.execPath, [self]] : ["npm", []];
    const options = { cwd, env: this.#env, timeout: TIMEOUT_MS };
    try {
      return (await run(file, [...before, ...args], options)).stdout;
    } catch (error) {
      const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
      throw new Error(`npm ${args.join(" ")} failed:\n${stdout}${stderr}`, { cause: error });
    }
  }

  /** Installs tarballs, and what lies in folders by a link to it. */
  async install(cwd: string, sources: readonly string[]): Promise<void> {
    await this.run(cwd, "install", ...OFFLINE, ...sources);
  }

  /** Packs the packages of this repository, as they are built. @returns the tarball of each, by its name */
  async packAll(to: string, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const chosen = names.flatMap((name) => ["-w", folderOf(name)]);
    await this.run(
      ROOT,
      "pack",
      "--ignore-scripts",
      "--silent",
      "--pack-destination",
      to,
      ...chosen,
    );
    const files = readdirSync(to);
    return new Map(
      names.map((name) => {
        const begin = `${name.replace("@", "").replace("/", "-")}-`;
        const file = files.find(
          (one) => one.startsWith(begin) && /^\d/.test(one.slice(begin.length)),
        );
        if (file === undefined) throw new Error(`${name} was not packed`);
        return [name, join(to, file)];
      }),
    );
  }
}

/** The folders of all packages of others that some of ours need, with what those need. */
export function foreign(names: readonly string[]): string[] {
  const found = new Map<string, string>();
  const open = names.map(folderOf);
  for (let dir = open.pop(); dir !== undefined; dir = open.pop()) {
    for (const name of Object.keys(manifestOf(dir).dependencies ?? {})) {
      if (name === "elpis" || name.startsWith("@elpis/") || found.has(name)) continue;
      const installed = installedFor(dir, name);
      found.set(name, installed);
      open.push(installed);
    }
  }
  return [...found.values()];
}

/** A tool of this repository, such as `vitest`. */
export function toolFolder(name: string): string {
  return join(ROOT, "node_modules", name);
}

function installedFor(from: string, name: string): string {
  for (let dir = from; dir !== dirname(dir); dir = dirname(dir)) {
    const candidate = join(dir, "node_modules", name);
    if (existsSync(candidate)) return candidate;
  }
  throw new Error(`${name} is not installed for ${from}`);
}

function folderOf(name: string): string {
  const found = ["packages", "plugins"]
    .flatMap((kind) => readdirSync(join(ROOT, kind)).map((dir) => join(ROOT, kind, dir)))
    .find((dir) => existsSync(join(dir, "package.json")) && manifestOf(dir).name === name);
  if (found === undefined) throw new Error(`there is no package ${name}`);
  return found;
}

function manifestOf(dir: string): Manifest {
  return JSON.parse(readFileSync(join(dir, "package.json"), "utf8")) as Manifest;
}
