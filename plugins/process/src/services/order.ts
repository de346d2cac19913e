import { ALL } from "../procfile/categories.ts";

/** What the start order of services depends on. */
export interface Dependent {
  readonly name: string;
  readonly dependsOn: readonly string[];
}

/** The names along a circle of dependencies, the first once more at its end; undefined when there is none. */
export function findCircle(services: readonly Dependent[]): string[] | undefined {
  const byName = new Map(services.map((service) => [service.name, service]));
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
    if (done.has(name)) return undefined;
    for (const next of byName.get(name)?.dependsOn ?? []) {
      const circle = visit(next, [...path, name]);
      if (circle !== undefined) return circle;
    }
    done.add(name);
    return undefined;
  };
  for (const { name } of services) {
    const circle = visit(name, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

/**
 * Services in the order in which they start: each behind those that it needs, otherwise as declared; behind everything
 * else those that need `all`, and those that need one of these. Names of services that are not among them are ignored,
 * and so is the last step of a circle; see {@link findCircle}.
 */
export function startOrder<Item extends Dependent>(services: readonly Item[]): Item[] {
  const byName = new Map(services.map((service) => [service.name, service]));
  const late = lateOnes(services);
  const ordered = new Set<Item>();
  const begun = new Set<Item>();
  const visit = (service: Item): void => {
    if (begun.has(service)) return;
    begun.add(service);
    for (const name of service.dependsOn) {
      const other = byName.get(name);
      if (other !== undefined) visit(other);
    }
    ordered.add(service);
  };
  for (const service of services) if (!late.has(service.name)) visit(service);
  for (const service of services) visit(service);
  return [...ordered];
}

function lateOnes(services: readonly Dependent[]): ReadonlySet<string> {
  const late = new Set(
    services.filter((one) => one.dependsOn.includes(ALL)).map((one) => one.name),
  );
  for (let before = -1; before !== late.size; ) {
    before = late.size;
    for (const { name, dependsOn } of services) {
      if (dependsOn.some((other) => late.has(other))) late.add(name);
    }
  }
  return late;
}
