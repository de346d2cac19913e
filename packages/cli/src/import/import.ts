import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { importFailed } from "./errors.ts";
import { importProcfile } from "./heroku.ts";
import { importEcosystem } from "./pm2.ts";
import type { Imported } from "./result.ts";

/**
 * Makes a configuration of what another process manager is configured with: Heroku's `Procfile`, or an ecosystem file of
 * PM2 (`.js`, `.cjs`, `.mjs`, which are run; `.json`, `.yaml`, `.yml`).
 *
 * @returns the text of an `elpis.config.ts` for the folder of `file`, and what could not be carried over
 * @throws ELPIS_CLI_IMPORT
 */
export async function importDefinition(file: string): Promise<Imported> {
  const path = resolve(file);
  const extension = extname(path).toLowerCase();
  if (/^procfile(\.\w+)?$/i.test(basename(path)) && !/^\.[cm]?[jt]s$/.test(extension)) {
    return importProcfile(read(path));
  }
  if ([".json", ".yaml", ".yml"].includes(extension)) {
    // Loaded only here: this module is part of what every configuration imports.
    const { parse } = await import("yaml");
    const found: unknown = attempt(path, () => parse(read(path)));
    return importApps(path, found);
  }
  if ([".js", ".cjs", ".mjs"].includes(extension)) return importApps(path, await run(path));
  throw importFailed(
    path,
    "give a Procfile, or an ecosystem file of PM2 (.js, .cjs, .mjs, .json, .yaml)",
  );
}

function importApps(file: string, ecosystem: unknown): Imported {
  if (typeof ecosystem === "object" && ecosystem !== null) return importEcosystem(ecosystem);
  const found = ecosystem === undefined || ecosystem === null ? "nothing" : typeof ecosystem;
  throw importFailed(file, `expected an object with apps, got ${found}`);
}

function read(file: string): string {
  return attempt(file, () => readFileSync(file, "utf8"));
}

function attempt<Value>(file: string, task: () => Value): Value {
  try {
    return task();
  } catch (error) {
    throw importFailed(file, (error as Error).message, error);
  }
}

async function run(file: string): Promise<unknown> {
  // A `.js` without a package.json that says otherwise is what PM2 takes it for.
  if (file.endsWith(".cjs")) return attempt(file, () => createRequire(file)(file) as unknown);
  try {
    const found = (await import(pathToFileURL(file).href)) as { default?: unknown };
    return found.default ?? found;
  } catch (error) {
    // PM2 requires `ecosystem.config.js` also where the package says that its files are ECMAScript modules.
    if (!/(module|exports|require) is not defined/.test(String(error))) {
      throw importFailed(file, (error as Error).message, error);
    }
    return attempt(file, () => runAsCommonJs(file));
  }
}

function runAsCommonJs(file: string): unknown {
  const module = { exports: {} as unknown };
  const evaluate = new Function(
    "module",
    "exports",
    "require",
    "__dirname",
    "__filename",
    read(file),
  );
  evaluate(module, module.exports, createRequire(file), resolve(file, ".."), file);
  return module.exports;
}
