import type { TextOptions } from "./contract.ts";
import { labelsOf, labelsText, plainName, sourceLabels } from "./labels.ts";
import type { Point } from "./point.ts";
import { type BaseUnit, baseUnit, withUnit } from "./units.ts";

/** What Prometheus knows of kinds. */
export type FamilyType = "counter" | "gauge" | "histogram";

/** A point with its labels, also as text. */
export interface Member {
  readonly point: Point;
  readonly pairs: ReadonlyMap<string, string>;
  readonly labels: string;
}

/** All points of one name. */
export interface Family {
  /** Without `_total`. */
  readonly name: string;
  readonly type: FamilyType;
  readonly unit: BaseUnit;
  readonly help: string;
  readonly members: Member[];
}

const TYPES = {
  counter: "counter",
  upDownCounter: "gauge",
  gauge: "gauge",
  histogram: "histogram",
} as const;

/** Puts points of one name together; what would make a scrape fail, or lie, is left out and told to `onDrop`. */
export function toFamilies(points: readonly Point[], options: TextOptions): Iterable<Family> {
  const { labels = sourceLabels, prefix = "", onDrop = () => {} } = options;
  const families = new Map<string, Family>();
  const taken = new Map<string, Family>();
  const seen = new Set<string>();
  for (const point of points) {
    const family = familyOf(point, prefix, families, taken);
    const pairs = labelsOf(labels(point), point.tags);
    const text = labelsText(pairs);
    const key = `${family?.name}{${text}}`;
    if (family === undefined || seen.has(key) || isDelta(point)) onDrop(point);
    else {
      seen.add(key);
      family.members.push({ point, pairs, labels: text });
    }
  }
  return families.values();
}

function isDelta(point: Point): boolean {
  return "temporality" in point && point.temporality === "delta";
}

/** @returns undefined when its names mean something else already */
function familyOf(
  point: Point,
  prefix: string,
  families: Map<string, Family>,
  taken: Map<string, Family>,
): Family | undefined {
  const type = TYPES[point.kind];
  const unit = baseUnit(point.unit);
  const plain = plainName(prefix + point.name);
  const base = type === "counter" ? plain.replace(/_total$/, "") : plain;
  const name = withUnit(base, unit.suffix);
  const known = families.get(name);
  if (known !== undefined) {
    const { times, per } = known.unit;
    return known.type === type && times === unit.times && per === unit.per ? known : undefined;
  }
  const names = sampleNames(name, type);
  if (names.some((one) => taken.has(one))) return undefined;
  const help = point.description === "" ? point.name : point.description;
  const family: Family = { name, type, unit, help, members: [] };
  families.set(name, family);
  for (const one of names) taken.set(one, family);
  return family;
}

/** All names that a family uses. */
function sampleNames(name: string, type: FamilyType): string[] {
  if (type === "gauge") return [name];
  if (type === "counter") return [name, `${name}_total`];
  return [name, `${name}_bucket`, `${name}_sum`, `${name}_count`];
}
