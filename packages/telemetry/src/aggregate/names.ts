import type { AppSeries, MergedSeries } from "./series.ts";
import { SeriesMap } from "./series-map.ts";

/** All names of an application together. */
export class AppState {
  readonly app: string;
  readonly series: SeriesMap<AppSeries>;
  /** When a sum last began anew, in milliseconds since 1970. */
  resetAt = 0;
  /** When a sum was last given up, in milliseconds since 1970: one that comes again counts from then at the earliest. */
  droppedAt = 0;

  constructor(app: string, maxPerInstrument: number) {
    this.app = app;
    this.series = new SeriesMap(maxPerInstrument);
  }
}

/** All processes of a name together. */
export class NameState {
  readonly app: AppState;
  readonly name: string;
  readonly series: SeriesMap<MergedSeries>;
  /** Processes that should report before sums can be told. */
  readonly awaited: Set<string> = new Set();
  /** Processes that are known. */
  users = 0;
  /** The same, of its own sums. */
  droppedAt: number;

  constructor(app: AppState, name: string, maxPerInstrument: number) {
    this.app = app;
    this.name = name;
    this.droppedAt = app.droppedAt;
    this.series = new SeriesMap(maxPerInstrument);
  }

  /** Its sums may be less than they were: they count from now on. */
  reset(time: number): void {
    this.app.resetAt = time;
    for (const [, all] of this.series.each()) for (const series of all) series.start = time;
  }

  /** Takes out a series that nobody has any more. */
  drop(series: MergedSeries): void {
    this.series.remove(series.variant, series.tags);
    series.app.members.delete(series);
    series.app.release(series);
    if (series.app.members.size === 0) {
      this.app.series.remove(series.app.variant, series.app.tags);
    }
  }
}
