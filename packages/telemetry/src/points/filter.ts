import type { InstrumentInfo } from "../store/instruments.ts";
import type { PointFilter, PointSource } from "./point.ts";

/** Whether points of an instrument are wanted. */
export function wantsInstrument(
  filter: PointFilter | undefined,
  info: Pick<InstrumentInfo, "name" | "group" | "level">,
): boolean {
  if (filter === undefined) return true;
  return (
    (filter.names?.includes(info.name) ?? true) &&
    (filter.groups?.includes(info.group) ?? true) &&
    (filter.levels?.includes(info.level) ?? true)
  );
}

/** Whether points of a source are wanted; a part that the source does not have fits. */
export function wantsSource(filter: PointFilter | undefined, { app, name }: PointSource): boolean {
  if (filter === undefined) return true;
  return (
    (app === undefined || (filter.apps?.includes(app) ?? true)) &&
    (name === undefined || (filter.processes?.includes(name) ?? true))
  );
}
