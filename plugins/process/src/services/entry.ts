import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { isServiceClass } from "./class.ts";
import { badServiceEntry } from "./errors.ts";
import type { ServiceClass } from "./types.ts";

/**
 * The class that an entry means: a file, the class itself, or a function that gives one.
 *
 * @param file absolute when the entry is a file
 * @param place named in errors when it is not
 * @throws ELPIS_SERVICE_ENTRY
 */
export async function loadServiceClass(
  service: string,
  entry: unknown,
  file: string | undefined,
  place: string,
): Promise<ServiceClass> {
  const where = file ?? place;
  let found: unknown;
  try {
    if (file !== undefined) found = await load(file);
    else found = isServiceClass(entry) ? entry : await (entry as () => unknown)();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw badServiceEntry(service, where, `it could not be loaded: ${why}`, cause);
  }
  const classes = classesIn(found);
  if (classes.length === 1) return classes[0] as ServiceClass;
  throw badServiceEntry(service, where, `found ${describe(found, classes.length)}`);
}

/** What the application gets by `import` or `require` as well, so that both have the same class. */
async function load(file: string): Promise<unknown> {
  if (file.endsWith(".cjs")) return createRequire(import.meta.url)(file);
  return import(pathToFileURL(file).href);
}

/** A default export hides all others; of several levels of them (transpiled modules) the innermost counts. */
function classesIn(found: unknown): ServiceClass[] {
  if (isClassLike(found)) return [found];
  if (typeof found !== "object" || found === null) return [];
  const { default: inner } = found as { default?: unknown };
  if (inner !== undefined && inner !== null && inner !== found) {
    const classes = classesIn(inner);
    if (classes.length > 0) return classes;
  }
  return [...new Set(Object.values(found).filter(isServiceClass))];
}

function isClassLike(value: unknown): value is ServiceClass {
  return isServiceClass(value);
}

function describe(found: unknown, classes: number): string {
  if (classes > 1) return `${classes} classes in ${keysOf(found)}; make one the default export`;
  if (typeof found === "function") return "a function that is not a class";
  if (typeof found !== "object" || found === null) return `a value of type ${typeof found}`;
  const keys = keysOf(found);
  return keys === "" ? "a module without exports" : `a module with ${keys}, none of them a class`;
}

function keysOf(value: unknown): string {
  return Object.entries(value as object)
    .map(([key, one]) => `${key} (${one === null ? "null" : typeof one})`)
    .join(", ");
}
