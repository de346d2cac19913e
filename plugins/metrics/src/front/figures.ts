import type { BucketCounter } from "./bucket-counter.ts";
import type { FastCompass } from "./fast-compass.ts";
import type { Meter } from "./meter.ts";
import type { CountingMetric } from "./metric.ts";
import type { Figure } from "./metric-object.ts";
import type { Snapshot } from "./snapshot.ts";
import type { Timer } from "./timer.ts";

const PERCENTILES: readonly number[] = [75, 95, 99];

/** All figures of a metric, or with `isCompact` the few that the others can be reckoned from. */
export function figuresOf(metric: CountingMetric, isCompact: boolean): readonly Figure[] {
  switch (metric.kind) {
    case "counter":
      return [count(metric.getCount()), ...bucket(metric.buckets, !isCompact)];
    case "bucketCounter":
      return [count(metric.getCount()), ...bucket(metric, !isCompact)];
    case "meter":
      return meterFigures(metric, isCompact);
    case "histogram":
      return isCompact
        ? [gauge("mean", metric.getSnapshot().mean)]
        : [count(metric.getCount()), ...distribution(metric.getSnapshot())];
    case "timer":
      return timerFigures(metric, isCompact);
    case "fastCompass":
      return compassFigures(metric);
  }
}

const gauge = (suffix: string, value: number): Figure => [suffix, "GAUGE", value];
const count = (value: number): Figure => ["count", "COUNTER", value];

function bucket(counter: BucketCounter, hasRate: boolean): readonly Figure[] {
  const last = counter.getLastCount();
  const figures: Figure[] = [["bucket_count", "DELTA", last]];
  if (hasRate) figures.push(gauge("qps", perSecond(last, counter.intervalMs)));
  return figures;
}

function meterFigures(meter: Meter, isCompact: boolean): readonly Figure[] {
  return [
    count(meter.getCount()),
    ...rates(meter, isCompact),
    ...bucket(meter.buckets, !isCompact),
  ];
}

function rates(meter: Meter, isCompact: boolean): readonly Figure[] {
  const m1 = gauge("m1", meter.getOneMinuteRate());
  if (isCompact) return [m1];
  return [m1, gauge("m5", meter.getFiveMinuteRate()), gauge("m15", meter.getFifteenMinuteRate())];
}

function distribution(snapshot: Snapshot): readonly Figure[] {
  return [
    gauge("max", snapshot.max),
    gauge("min", snapshot.min),
    gauge("mean", snapshot.mean),
    gauge("stddev", snapshot.stddev),
    gauge("median", snapshot.median),
    ...PERCENTILES.map((percent) => gauge(`p${percent}`, snapshot.percentile(percent))),
  ];
}

function timerFigures(timer: Timer, isCompact: boolean): readonly Figure[] {
  const { meter, sums } = timer;
  const snapshot = timer.getSnapshot();
  const last = meter.buckets.getLastCount();
  return [
    count(timer.getCount()),
    ...rates(meter, isCompact),
    gauge("rt", last === 0 ? 0 : sums.getLastCount() / last),
    ...(isCompact ? [gauge("mean", snapshot.mean)] : distribution(snapshot)),
    ...bucket(meter.buckets, true),
  ];
}

function compassFigures(compass: FastCompass): readonly Figure[] {
  const [last, sum] = [compass.getLastCount(), compass.getLastSum()];
  return [
    ...compass.categories.map(
      (name): Figure => [`${name}_bucket_count`, "DELTA", compass.getLastCount(name)],
    ),
    ["bucket_count", "DELTA", last],
    ["bucket_sum", "DELTA", sum],
    gauge("qps", perSecond(last, compass.intervalMs)),
    gauge("rt", last === 0 ? 0 : sum / last),
    gauge("success_rate", compass.getSuccessRate()),
    gauge("hit_rate", compass.getHitRate()),
  ];
}

function perSecond(value: number, intervalMs: number): number {
  return value / (intervalMs / 1000);
}
