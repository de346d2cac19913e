import { LEVELS } from "../levels.ts";
import type { GaugeMerge, InstrumentInfo, Kind } from "../store/instruments.ts";
import type { WireInstrument } from "./wire.ts";

// The numbers are their places in these lists: add at the end only.
const KINDS: readonly Kind[] = ["counter", "upDownCounter", "gauge", "histogram"];
const MERGES: readonly GaugeMerge[] = ["avg", "sum", "min", "max", "last"];

/** An instrument as it is sent. */
export function encodeInstrument(ref: number, info: InstrumentInfo): WireInstrument {
  return [
    ref,
    info.name,
    KINDS.indexOf(info.kind),
    info.unit,
    info.description,
    info.group,
    LEVELS.indexOf(info.level),
    MERGES.indexOf(info.merge),
    info.bounds ?? null,
  ];
}

/** And back. What a newer version knows and this one does not is taken as the usual. */
export function decodeInstrument(wire: WireInstrument): InstrumentInfo | undefined {
  const [, name, kind, unit, description, group, level, merge, bounds] = wire;
  const knownKind = KINDS[kind];
  if (knownKind === undefined) return undefined;
  return {
    name,
    kind: knownKind,
    unit,
    description,
    group,
    level: LEVELS[level] ?? "normal",
    merge: MERGES[merge] ?? "avg",
    bounds: bounds ?? undefined,
  };
}
