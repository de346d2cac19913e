import {
  type Aggregator,
  LEVELS,
  type Level,
  type Point,
  type ReadOptions,
} from "@elpis/telemetry";
import { badQuery } from "../errors.ts";
import type { MetricInfo, PointsPage, PointsQuery } from "../topics.ts";

/** A message may have 1 MiB; what a point takes is only estimated. */
const PAGE_BYTES = 500_000;
const POINT_BYTES = 300;
const BUCKET_BYTES = 5;
const EXEMPLAR_BYTES = 130;

const LISTS = ["names", "groups", "levels", "processes", "apps"];
const SCOPES: readonly unknown[] = ["process", "name", "app"];

/** A page of what was merged. @throws ELPIS_METRICS_BAD_QUERY */
export function pointsPage(aggregator: Aggregator, query: unknown): PointsPage {
  const { noBuckets, offset = 0, limit = Number.POSITIVE_INFINITY, ...options } = checkQuery(query);
  const all = aggregator.readPoints(options);
  const points: Point[] = [];
  let bytes = 0;
  for (const found of all.slice(offset)) {
    if (points.length >= limit) break;
    const point = noBuckets === true ? withoutBuckets(found) : found;
    bytes += bytesOf(point);
    if (bytes > PAGE_BYTES && points.length > 0) break;
    points.push(point);
  }
  return { points, total: all.length };
}

function withoutBuckets(point: Point): Point {
  if (point.kind !== "histogram") return point;
  return { ...point, buckets: { ...point.buckets, offset: 0, counts: [] } };
}

function bytesOf(point: Point): number {
  let bytes = POINT_BYTES + point.name.length + 3 * point.description.length;
  for (const [name, value] of Object.entries(point.tags)) {
    bytes += 3 * (name.length + String(value).length);
  }
  if (point.kind !== "histogram") return bytes;
  const { buckets, exemplars = [] } = point;
  return bytes + BUCKET_BYTES * buckets.counts.length + EXEMPLAR_BYTES * exemplars.length;
}

/** @throws ELPIS_METRICS_BAD_QUERY */
function checkQuery(query: unknown): PointsQuery {
  if (typeof query !== "object" || query === null) throw badQuery("it is no object");
  const { scope, filter, noBuckets, offset, limit, ...others } = query as Record<string, unknown>;
  const unknown = Object.keys(others)[0];
  if (unknown !== undefined) throw badQuery(`there is no ${unknown}`);
  if (scope !== undefined && !SCOPES.includes(scope))
    throw badQuery(`scope is one of ${SCOPES.join(", ")}`);
  if (filter !== undefined) checkFilter(filter);
  for (const [name, value] of Object.entries({ offset, limit })) {
    const isCount = Number.isSafeInteger(value) && (value as number) >= 0;
    if (value !== undefined && !isCount) throw badQuery(`${name} is a whole number from 0`);
  }
  if (noBuckets !== undefined && typeof noBuckets !== "boolean")
    throw badQuery("noBuckets is a boolean");
  return query as PointsQuery;
}

function checkFilter(filter: unknown): void {
  if (typeof filter !== "object" || filter === null) throw badQuery("filter is an object");
  for (const [name, list] of Object.entries(filter)) {
    if (!LISTS.includes(name)) throw badQuery(`filter has no ${name}, only ${LISTS.join(", ")}`);
    if (list === undefined) continue;
    const isList = Array.isArray(list) && list.every((one) => typeof one === "string");
    if (!isList) throw badQuery(`filter.${name} is a list of texts`);
    const wrong = name === "levels" && list.some((one) => !LEVELS.includes(one as Level));
    if (wrong) throw badQuery(`filter.levels are ${LEVELS.join(", ")}`);
  }
}

/** All names that have points, or those of one group, in order. @throws ELPIS_METRICS_BAD_QUERY */
export function listNames(aggregator: Aggregator, query: unknown): readonly MetricInfo[] {
  const { group } = (query ?? {}) as { readonly group?: unknown };
  if (group !== undefined && typeof group !== "string") throw badQuery("group is a text");
  const options: ReadOptions = {
    scope: "app",
    ...(group !== undefined && { filter: { groups: [group] } }),
  };
  const names = new Map<string, MetricInfo>();
  for (const { name, kind, unit, description, group: own, level } of aggregator.readPoints(
    options,
  )) {
    names.set(name, { name, kind, unit, description, group: own, level });
  }
  return [...names.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** All groups that have points, and how many names each has. */
export function listGroups(
  aggregator: Aggregator,
): ReadonlyArray<{ readonly group: string; readonly names: number }> {
  const groups = new Map<string, number>();
  for (const { group } of listNames(aggregator, {}))
    groups.set(group, (groups.get(group) ?? 0) + 1);
  return [...groups].map(([group, names]) => ({ group, names }));
}
