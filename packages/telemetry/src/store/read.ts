import { wantsInstrument } from "../points/filter.ts";
import { histogramPoint, numberPoint } from "../points/make.ts";
import type { Point, PointFilter } from "../points/point.ts";
import { toTags } from "../tags.ts";
import { HistogramSeries } from "./series.ts";
import type { TableEntry } from "./series-table.ts";

/** The series of a store as they are. */
export function readSeries(
  entries: Iterable<TableEntry>,
  filter: PointFilter | undefined,
  start: number,
  time: number,
): readonly Point[] {
  const points: Point[] = [];
  for (const { instrument, series } of entries) {
    const { info } = instrument;
    if (!wantsInstrument(filter, info)) continue;
    const tags = toTags(series.tags);
    const frame = { info, tags, source: {}, start, time, temporality: "cumulative" } as const;
    if (series instanceof HistogramSeries) {
      const all = series.all();
      if (all.count > 0) points.push(histogramPoint(frame, all, series.exemplars?.read()));
    } else if (!Number.isNaN(series.value)) points.push(numberPoint(frame, series.value));
  }
  return points;
}
