import type { Point } from "@elpis/api";

/** One value as StatsD has it. */
export interface Value {
  /** Stands behind the name of the point. */
  readonly suffix: string;
  readonly type: "c" | "g";
  readonly value: number;
}

const GAUGES = ["min", "max", "mean", "p50", "p75", "p90", "p95", "p99"] as const;

/**
 * The values of a point. A histogram is its count, and gauges: single values are not there to be sent as timings, and what a server
 * would make of quantiles that it takes for timings is wrong.
 *
 * @returns what is wrong with the point, as a text, when it cannot be sent
 */
export function valuesOf(point: Point): readonly Value[] | string {
  if ("temporality" in point && point.temporality !== "delta") return "it is a total";
  const values = all(point);
  return values.every(({ value }) => Number.isFinite(value)) ? values : "its value is no number";
}

function all(point: Point): Value[] {
  switch (point.kind) {
    case "counter":
      return [{ suffix: "", type: "c", value: point.value }];
    case "gauge":
    case "upDownCounter":
      return [{ suffix: "", type: "g", value: point.value }];
    case "histogram":
      return [
        { suffix: ".count", type: "c", value: point.count },
        ...GAUGES.map((key): Value => ({ suffix: `.${key}`, type: "g", value: point[key] })),
      ];
  }
}

/** A number without an exponent, which not every server reads. */
export function plain(value: number): string {
  const text = String(value);
  if (!text.includes("e")) return text;
  if (Math.abs(value) >= 1) return BigInt(value).toString();
  const short = value.toFixed(20).replace(/\.?0+$/, "");
  return short === "-0" ? "0" : short;
}
