import { createRequire, isBuiltin, register } from "node:module";
import { pathToFileURL } from "node:url";
import type { AnyInstrumentation } from "../options.ts";

interface Definition {
  readonly name: string;
}

/** The registration of hooks in this thread, where this version of Node has it. */
interface SyncHooks {
  readonly supportsSyncHooks: () => boolean;
  readonly register: (options: { readonly include: ReadonlyArray<string | RegExp> }) => void;
}

let isRegistered = false;

/**
 * Has modules that are imported, and not required, go through the instrumentations as well. Only those are touched that one of
 * them has asked for: a hook that touches every module would slow every start down and break some.
 */
export async function hookImports(instrumentations: readonly AnyInstrumentation[]): Promise<void> {
  const include = namesOf(instrumentations);
  if (isRegistered || include.length === 0) return;
  isRegistered = true;
  // Of all copies that may be installed, the one that the instrumentations use.
  const own = createRequire(import.meta.url).resolve("@opentelemetry/instrumentation");
  const { resolve } = createRequire(own);
  const file = resolve("import-in-the-middle/register-hooks.mjs");
  const sync = (await import(pathToFileURL(file).href)) as SyncHooks;
  if (sync.supportsSyncHooks()) sync.register({ include });
  else register(pathToFileURL(resolve("import-in-the-middle/hook.mjs")), { data: { include } });
}

/** Names as they are imported, and the files of packages, of which some parts may be imported by themselves. */
function namesOf(instrumentations: readonly AnyInstrumentation[]): Array<string | RegExp> {
  const names = new Set<string>();
  for (const one of instrumentations) {
    const { getModuleDefinitions } = one as { getModuleDefinitions?: () => readonly Definition[] };
    for (const { name } of getModuleDefinitions?.call(one) ?? []) {
      names.add(name);
      if (isBuiltin(name)) names.add(name.startsWith("node:") ? name.slice(5) : `node:${name}`);
    }
  }
  const packages = [...names].filter((name) => !isBuiltin(name));
  return [...names, ...packages.map((name) => new RegExp(`/node_modules/${escaped(name)}/`))];
}

function escaped(name: string): string {
  return name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
