import type { Collector, Sample } from "../collector.ts";

/** What keeps the process alive. */
export class Resources implements Collector {
  read(): readonly Sample[] {
    return resourceSamples(process.getActiveResourcesInfo());
  }
}

/** @param types the type of each resource */
export function resourceSamples(types: readonly string[]): readonly Sample[] {
  const counts = new Map<string, number>();
  for (const type of types) counts.set(type, (counts.get(type) ?? 0) + 1);
  // Requests to the system end by themselves; all others are handles, which somebody has to close.
  const requests = types.filter((type) => /Req(uest)?(Wrap|Callback|Promise)?$/.test(type)).length;
  return [
    ["nodejs.active.requests", requests],
    ["nodejs.active.handles", types.length - requests],
    ...[...counts].map(([type, count]): Sample => ["nodejs.active.resources", count, { type }]),
  ];
}
