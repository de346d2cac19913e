import type { ServiceClass } from "./types.ts";

/** Whether a function is a class, and not one that gives a class when it is called. */
export function isServiceClass(value: unknown): value is ServiceClass {
  if (typeof value !== "function") return false;
  if (/^class\b/.test(Function.prototype.toString.call(value))) return true;
  // What compilers make of a class for old engines: a function that has methods, or extends another.
  const prototype = value.prototype as object | undefined;
  if (prototype === undefined || prototype === null) return false;
  const inherits = Object.getPrototypeOf(prototype) !== Object.prototype;
  return inherits || Object.getOwnPropertyNames(prototype).length > 1;
}

/** `static dependencies` of a class; what is not a text there is left out. */
export function staticDependencies(service: ServiceClass): readonly string[] {
  const found: unknown = service.dependencies;
  const list: unknown[] = typeof found === "string" ? [found] : Array.isArray(found) ? found : [];
  return list.filter((name) => typeof name === "string");
}

/** Names of the methods of an object that others may call: those of its classes, without what its life is made of. */
export function methodsToPublish(object: object): string[] {
  const names = new Set<string>();
  for (
    let at: object | null = object;
    at !== null && at !== Object.prototype;
    at = Object.getPrototypeOf(at)
  ) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (typeof value === "function" && isPublic(name)) names.add(name);
    }
  }
  return [...names];
}

const PRIVATE: ReadonlySet<string> = new Set([
  ...["constructor", "start", "stop", "then", "toJSON", "prototype"],
  ...Object.getOwnPropertyNames(Object.prototype),
]);

function isPublic(name: string): boolean {
  return !PRIVATE.has(name) && !/^[$_]/.test(name);
}
