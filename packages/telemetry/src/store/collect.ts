import { encodeInstrument } from "../delta/codes.ts";
import type { WireHistogram, WireInstrument, WireSeries } from "../delta/wire.ts";
import { toPairs } from "../histogram/pairs.ts";
import type { Level } from "../levels.ts";
import type { StoreChanges } from "./contract.ts";
import { HistogramSeries, type NumberSeries } from "./series.ts";
import type { SeriesTable, TableEntry } from "./series-table.ts";

// About how many bytes things take when they are packed; texts come on top.
const NUMBER_BYTES = 12;
const SERIES_BYTES = 8;
const HISTOGRAM_BYTES = 48;
const BUCKET_BYTES = 2;
const EXEMPLAR_BYTES = 80;
const TEXT_BYTES = 3;

/** Writes down what a reader does not know yet. */
class Collection {
  readonly instruments: WireInstrument[] = [];
  readonly series: WireSeries[] = [];
  readonly numbers: number[] = [];
  readonly histograms: WireHistogram[] = [];
  bytes = 0;
  #lastNumber = 0;

  describe({ instrument, series }: TableEntry): void {
    if (!instrument.isDescribed) {
      const { name, description } = instrument.info;
      this.instruments.push(encodeInstrument(instrument.ref, instrument.info));
      this.bytes += name.length + description.length + HISTOGRAM_BYTES;
      instrument.isDescribed = true;
    }
    if (series.isDescribed) return;
    this.series.push([series.ref, instrument.ref, series.tags]);
    this.bytes += SERIES_BYTES;
    for (const part of series.tags) this.bytes += String(part).length + TEXT_BYTES;
    series.isDescribed = true;
  }

  number(series: NumberSeries): void {
    this.numbers.push(series.ref - this.#lastNumber, series.value);
    this.bytes += NUMBER_BYTES;
    this.#lastNumber = series.ref;
    series.sent = series.value;
  }

  histogram(series: HistogramSeries): void {
    const { ref, whole, recent, isSent } = series;
    whole.merge(recent);
    // Both sides then have the same buckets from now on.
    recent.coarsen(recent.scale - whole.scale);
    const { count, sum, min, max, zeroCount, scale } = whole;
    const buckets = toPairs(isSent ? recent : whole);
    recent.clear();
    series.isSent = true;
    const known = [ref, count, sum, min, max, zeroCount, scale, buckets] as const;
    const exemplars = series.exemplars?.collect() ?? [];
    this.histograms.push(exemplars.length === 0 ? known : [...known, exemplars]);
    this.bytes += HISTOGRAM_BYTES + buckets.length * BUCKET_BYTES;
    this.bytes += exemplars.length * EXEMPLAR_BYTES;
  }
}

/**
 * What has changed since the last time, in one walk over all series.
 *
 * @param levels only instruments of these; all when undefined
 */
export function collect(
  table: SeriesTable,
  levels: ReadonlySet<Level> | undefined,
  maxBytes: number,
): StoreChanges {
  const collection = new Collection();
  let isCut = false;
  for (const entry of table.entries()) {
    const { series, instrument } = entry;
    if (levels !== undefined && !levels.has(instrument.info.level)) continue;
    if (series instanceof HistogramSeries) {
      if (series.recent.count === 0 && series.isSent) continue;
    } else if (Number.isNaN(series.value) || series.value === series.sent) continue;
    if (collection.bytes >= maxBytes) {
      isCut = true;
      break;
    }
    collection.describe(entry);
    if (series instanceof HistogramSeries) collection.histogram(series);
    else collection.number(series);
  }
  const { instruments, series, numbers, histograms } = collection;
  return { instruments, series, numbers, histograms, gone: table.takeGone(), isCut };
}

/** Nothing counts as collected any more. */
export function forgetCollected(table: SeriesTable): void {
  table.takeGone();
  for (const { instrument, series } of table.entries()) {
    instrument.isDescribed = false;
    series.isDescribed = false;
    if (series instanceof HistogramSeries) {
      series.isSent = series.whole.count === 0;
      series.exemplars?.forgetCollected();
    } else series.sent = Number.NaN;
  }
}
