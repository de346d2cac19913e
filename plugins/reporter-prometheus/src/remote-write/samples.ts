import type { Point } from "@elpis/api";
import { type PrometheusSeries, toPrometheusSeries } from "@elpis/telemetry";
import { ownLabels, seriesKey } from "../labels.ts";
import type { Owners } from "./owners.ts";

/** One series with its values in the order of time. */
export interface Series {
  /** With `__name__`, in the order of the names. */
  readonly labels: readonly (readonly [name: string, value: string])[];
  readonly samples: { readonly value: number; readonly time: number }[];
}

/** What a request is made of. */
export interface Written {
  readonly families: readonly Omit<PrometheusSeries, "samples">[];
  readonly series: readonly Series[];
  /** Points that cannot be told apart from others, or whose name means another kind. */
  readonly dropped: number;
}

/** How points are written. */
export interface WritingOptions {
  /** Labels of all. */
  readonly fixed: Readonly<Record<string, string>>;
  readonly prefix: string | undefined;
  readonly owners: Owners;
}

/** Points as series. Several points of one series are several of its samples. */
export function toWritten(
  points: readonly Point[],
  { fixed, prefix, owners }: WritingOptions,
): Written {
  const families = new Map<string, Omit<PrometheusSeries, "samples">>();
  const series = new Map<string, Series>();
  const owned = points.filter((point) => owners.owns(point));
  let dropped = points.length - owned.length;
  const options = {
    labels: ownLabels(fixed),
    onDrop: () => {
      dropped++;
    },
    ...(prefix !== undefined && { prefix }),
  };
  for (const round of rounds(owned)) {
    for (const { samples, ...family } of toPrometheusSeries(round, options)) {
      families.set(family.name, family);
      for (const { name, labels, value, time } of samples) {
        const pairs = [...labels, ["__name__", name] as const].sort(byName);
        const key = pairs.map(([label, text]) => `${label}=${text.length}:${text}`).join();
        const known = series.get(key) ?? { labels: pairs, samples: [] };
        series.set(key, known);
        known.samples.push({ value, time: Math.max(0, Math.floor(time)) });
      }
    }
  }
  for (const { samples } of series.values()) inOrder(samples);
  return { families: [...families.values()], series: [...series.values()], dropped };
}

function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The points of one series in rounds of their own, since of two in one Prometheus' own text keeps one. */
function rounds(points: readonly Point[]): readonly Point[][] {
  const seen = new Map<string, number>();
  const all: Point[][] = [];
  for (const point of points) {
    const key = seriesKey(point);
    const round = seen.get(key) ?? 0;
    seen.set(key, round + 1);
    all[round] ??= [];
    all[round].push(point);
  }
  return all;
}

/** Prometheus refuses what is not in the order of time, and two values of one time. */
function inOrder(samples: { value: number; time: number }[]): void {
  samples.sort((a, b) => a.time - b.time);
  for (let at = samples.length - 1; at > 0; at--) {
    if (samples[at]?.time === samples[at - 1]?.time) samples.splice(at - 1, 1);
  }
}
