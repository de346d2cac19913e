import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { configLoadFailed } from "../errors.ts";

/** Whether this Node runs TypeScript by itself. */
export function hasTypeScript(): boolean {
  return Boolean((process.features as { typescript?: unknown }).typescript);
}

/** Whether `file` is TypeScript by its name. */
export function isTypeScript(file: string): boolean {
  return /\.[cm]?ts$/.test(file);
}

/**
 * What a configuration file exports: its default export, or `module.exports`.
 *
 * @throws ELPIS_CONFIG_LOAD_FAILED
 */
export async function evaluateConfig(file: string): Promise<unknown> {
  try {
    if (isTypeScript(file) && !hasTypeScript()) return await evaluateWithJiti(file);
    // Both module caches would give what the file was when it was first read; `elpis dev` reads it again.
    delete createRequire(import.meta.url).cache[file];
    const url = pathToFileURL(file);
    url.searchParams.set("mtime", String(statSync(file, { bigint: true }).mtimeNs));
    return exported(await import(url.href));
  } catch (cause) {
    throw configLoadFailed(file, cause);
  }
}

async function evaluateWithJiti(file: string): Promise<unknown> {
  // Loaded only where it is needed: Node 22.18 and later never do.
  const { createJiti } = await import("jiti");
  const jiti = createJiti(import.meta.url, { interopDefault: true, moduleCache: false });
  return exported(await jiti.import(file));
}

function exported(found: unknown): unknown {
  const outer = (found as { default?: unknown } | null)?.default ?? found;
  // A transpiled CommonJS module keeps its default export one level further down.
  const inner = outer as { __esModule?: unknown; default?: unknown } | null;
  return inner?.__esModule === true && inner.default !== undefined ? inner.default : outer;
}
