import { serviceUnknown } from "./errors.ts";

/** How the code of this process finds its services. */
export type Finder = (wanted: string | (new (...args: never[]) => object)) => object;

/** Two copies of this package in one process share it under this name. */
const KEY = Symbol.for("elpis.process.services");

type Holder = { [KEY]?: Finder };

/** What {@link getService} asks from now on. */
export function setServiceFinder(find: Finder): void {
  (globalThis as Holder)[KEY] = find;
}

/**
 * A service of this process, by name or class: for the entry of a process, which runs once its services have started.
 *
 * @throws ELPIS_SERVICE_UNKNOWN
 * @example
 * import { getService } from "@elpis/process/services";
 * const cache = getService(Cache);
 */
export function getService<T extends object = object>(
  service: string | (new (...args: never[]) => T),
): T {
  const find = (globalThis as Holder)[KEY];
  if (find !== undefined) return find(service) as T;
  const name = typeof service === "string" ? service : service.name;
  throw serviceUnknown(name, "this process has no services", []);
}
