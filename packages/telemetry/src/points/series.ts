import { toExplicitBuckets } from "../histogram/explicit.ts";
import { boundsOf } from "./bounds.ts";
import type { TextOptions } from "./contract.ts";
import { type Family, type FamilyType, type Member, toFamilies } from "./families.ts";
import type { HistogramPoint, Point } from "./point.ts";
import { inBaseUnit } from "./units.ts";

/** One series of Prometheus at one time. */
export interface PrometheusSample {
  /** With `_total`, `_bucket` and the like. */
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
  /** In milliseconds since 1970. */
  readonly time: number;
}

/** What is one metric to Prometheus, with all its samples. */
export interface PrometheusSeries {
  /** As it stands behind `# TYPE`. */
  readonly name: string;
  readonly type: FamilyType;
  readonly help: string;
  /** Written out, such as `seconds`; empty when there is none. */
  readonly unit: string;
  readonly samples: readonly PrometheusSample[];
}

/** What `toPrometheus` makes text of, as data: for those who send it by other means. */
export function toPrometheusSeries(
  points: readonly Point[],
  options: TextOptions = {},
): PrometheusSeries[] {
  return [...toFamilies(points, options)]
    .filter(({ members }) => members.length > 0)
    .map((family) => {
      const { name, type, help, unit, members } = family;
      return {
        name: type === "counter" ? `${name}_total` : name,
        ...{ type, help, unit: unit.suffix },
        samples: members.flatMap((member) => samplesOf(family, member, options)),
      };
    });
}

function samplesOf(
  family: Family,
  { point, pairs }: Member,
  options: TextOptions,
): PrometheusSample[] {
  const { name, type, unit } = family;
  const { time } = point;
  if (point.kind === "histogram") return bucketsOf(family, point, pairs, options);
  const value = inBaseUnit(point.value, unit);
  return [{ name: type === "counter" ? `${name}_total` : name, labels: pairs, value, time }];
}

function bucketsOf(
  { name, unit }: Family,
  point: HistogramPoint,
  labels: ReadonlyMap<string, string>,
  options: TextOptions,
): PrometheusSample[] {
  const { time } = point;
  const bounds = (options.bounds ?? boundsOf)(point);
  const { counts } = toExplicitBuckets(point.buckets, bounds);
  let upTo = 0;
  const buckets = counts.map((count, at) => {
    upTo += count;
    const bound = bounds[at];
    const le = bound === undefined ? "+Inf" : String(inBaseUnit(bound, unit));
    return { name: `${name}_bucket`, labels: new Map([...labels, ["le", le]]), value: upTo, time };
  });
  return [
    ...buckets,
    { name: `${name}_sum`, labels, value: inBaseUnit(point.sum, unit), time },
    { name: `${name}_count`, labels, value: upTo, time },
  ];
}
