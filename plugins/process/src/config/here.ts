import { existsSync } from "node:fs";
import { basename, delimiter, dirname, extname, resolve } from "node:path";
import type { Role } from "@elpis/api";
import { VARIABLES } from "../environment.ts";
import { evaluateProcfile, type ProcfileFunction } from "../procfile/evaluate.ts";
import { adjust } from "./adjust.ts";
import { evaluateConfig } from "./evaluate.ts";
import { type Found, findApp } from "./find.ts";
import { type Layer, mergeLayers, originOf } from "./layers.ts";
import { type ManifestDefaults, readManifestDefaults } from "./manifest.ts";
import { defaultAppName, isName, toName } from "./name.ts";
import type { ReadOptions } from "./options.ts";
import { rebase } from "./rebase.ts";
import { resolveConfig } from "./resolve.ts";
import type { AppConfig, AppDefinition } from "./types.ts";

/** A configuration that was evaluated in this process. */
export interface LoadedHere {
  readonly definition: AppDefinition;
  /** What it was made from: merged, with its functions and classes. */
  readonly config: AppConfig;
  readonly layers: readonly Layer[];
  /** What a person may want to know, such as that a source was skipped. */
  readonly notes: readonly string[];
}

/**
 * Finds, evaluates and checks a configuration in this process.
 *
 * @throws ELPIS_CONFIG_NOT_FOUND, ELPIS_CONFIG_LOAD_FAILED, ELPIS_CONFIG_INVALID
 */
export async function loadHere(options: ReadOptions): Promise<LoadedHere> {
  const cwd = resolve(options.cwd ?? process.cwd());
  const { found, manifest } = locate(resolve(cwd, options.path ?? "."));
  const { files, notes } = sourceFiles(options, cwd);
  const manifestName = isName(manifest?.name) ? manifest.name : undefined;
  const context = {
    appName: options.name ?? manifestName ?? defaultAppName(found.dir),
    appDir: found.dir,
    dev: options.dev ?? false,
  };
  const layers: Layer[] = [];
  for (const file of files) {
    const config = rebase(await evaluate(file, context), dirname(file));
    layers.push({ kind: "file", file, prefix: "", config });
  }
  if (manifest !== undefined) layers.push(manifestLayer(manifest));
  const isScript = found.kind === "script";
  const top = isScript ? scriptConfig(found, cwd, options) : await evaluate(found.file, context);
  layers.push({
    kind: found.kind === "script" ? "script" : "file",
    file: found.file,
    prefix: "",
    config: top,
  });
  const config = mergeLayers(layers) as AppConfig;
  const fileOf = (path: string): string | undefined => {
    const origin = originOf(layers, path)?.layer.file;
    return origin === found.file ? undefined : origin;
  };
  const resolved = resolveConfig(config, { ...found, fileOf });
  const pluginRoles = [
    ...new Set(resolved.plugins.flatMap(({ definition }) => definition.roles)),
  ] as Role[];
  const reading = { dev: context.dev, sources: files, pluginRoles };
  return { definition: adjust({ ...resolved, reading }, options), config, layers, notes };
}

/** A directory whose package.json names a configuration means that one. */
function locate(path: string): { found: Found; manifest: ManifestDefaults | undefined } {
  const direct = readManifestDefaults(path);
  const found = findApp(direct?.config === undefined ? path : resolve(path, direct.config));
  const manifest = direct ?? readManifestDefaults(found.dir);
  // Its paths are relative to it, wherever the file lies that package.json names.
  return { found, manifest };
}

function manifestLayer({ file, key, name, env }: ManifestDefaults): Layer {
  const config = { ...(name !== undefined && { name }), ...(env !== undefined && { env }) };
  return { kind: "package.json", file, prefix: `${key}.`, config };
}

function sourceFiles(
  options: ReadOptions,
  cwd: string,
): { readonly files: readonly string[]; readonly notes: readonly string[] } {
  const listed = (process.env[VARIABLES.sources] ?? "").split(delimiter).map((path) => path.trim());
  const paths = options.sources ?? listed.filter((path) => path !== "");
  const all = paths.map((path) => resolve(cwd, path));
  const missing = all.filter((file) => !existsSync(file));
  return {
    files: all.filter((file) => !missing.includes(file)),
    notes: missing.map((file) => `${VARIABLES.sources} names ${file}, which is not there: skipped`),
  };
}

function scriptConfig(found: Found, cwd: string, options: ReadOptions): AppConfig {
  const name = toName(basename(found.file, extname(found.file)), "main");
  const taken = ["agent", "master"].includes(name.toLowerCase());
  const ready = options.scale === undefined ? "module" : "listen";
  return { processes: { [taken ? "main" : name]: { entry: found.file, cwd, ready } } };
}

async function evaluate(
  file: string,
  context: { readonly appName: string; readonly appDir: string; readonly dev: boolean },
): Promise<unknown> {
  const value = await evaluateConfig(file);
  return typeof value === "function"
    ? evaluateProcfile(value as ProcfileFunction, file, context)
    : value;
}
