import { badInstrument, conflict } from "../errors.ts";
import { LEVELS } from "../levels.ts";
import { cleanName, cleanText, cleanUnit } from "../names.ts";
import type { GaugeOptions, HistogramOptions, InstrumentInfo, Kind } from "./instruments.ts";

/** What an instrument may be asked for with, whatever its kind. */
export type AnyOptions = GaugeOptions & HistogramOptions;

const MERGES = ["avg", "sum", "min", "max", "last"];
const MAX_BOUNDS = 200;

/** What is wanted, cleaned. @throws ELPIS_TELEMETRY_BAD_INSTRUMENT */
export function toInfo(kind: Kind, name: unknown, options: AnyOptions): InstrumentInfo {
  const { level = "normal", merge = "avg", bounds } = options;
  if (!LEVELS.includes(level))
    throw badInstrument(name, `its level is one of ${LEVELS.join(", ")}`);
  if (!MERGES.includes(merge)) throw badInstrument(name, `merge is one of ${MERGES.join(", ")}`);
  if (bounds !== undefined) checkBounds(name, bounds);
  return {
    name: cleanName(name),
    kind,
    unit: cleanUnit(options.unit),
    description: cleanText(options.description),
    group: cleanText(options.group),
    level,
    merge,
    bounds: bounds === undefined ? undefined : [...bounds],
  };
}

function checkBounds(name: unknown, bounds: readonly number[]): void {
  const isAscending = bounds.every(
    (bound, at) => Number.isFinite(bound) && (at === 0 || bound > (bounds[at - 1] as number)),
  );
  if (bounds.length === 0 || bounds.length > MAX_BOUNDS || !isAscending) {
    throw badInstrument(name, `bounds are 1 to ${MAX_BOUNDS} numbers in ascending order`);
  }
}

/** One name is one instrument. @throws ELPIS_TELEMETRY_CONFLICT when `wanted` is another one than `known` */
export function checkSame(
  known: { readonly info: InstrumentInfo; readonly isObservable: boolean },
  wanted: { readonly info: InstrumentInfo; readonly isObservable: boolean },
  wantsUnit: boolean,
): void {
  const isSame =
    known.info.kind === wanted.info.kind &&
    known.isObservable === wanted.isObservable &&
    (!wantsUnit || known.info.unit === wanted.info.unit);
  if (!isSame) throw conflict(known.info.name, textOf(known), textOf(wanted));
}

function textOf({ info, isObservable }: { info: InstrumentInfo; isObservable: boolean }): string {
  const unit = info.unit === "" ? "without a unit" : `in ${info.unit}`;
  return `${isObservable ? "an observable " : "a "}${info.kind} ${unit}`;
}
