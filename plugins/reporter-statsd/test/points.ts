import type {
  Batch,
  CounterPoint,
  EventRecord,
  ExponentialBuckets,
  GaugePoint,
  HistogramPoint,
  Point,
  ReportCall,
  Tags,
  UpDownCounterPoint,
} from "@elpis/api";

/** The start of a step of a minute, a little in the past. */
export const T0: number = Math.floor(Date.now() / 60_000) * 60_000 - 600_000;

const base = {
  name: "orders",
  unit: "",
  description: "",
  group: "shop",
  level: "normal",
  tags: {},
  source: { app: "shop", name: "web" },
  start: T0 - 1000,
  time: T0,
} as const;

export function counter(more: Partial<CounterPoint> = {}): CounterPoint {
  return { ...base, kind: "counter", temporality: "delta", value: 12, ...more };
}

export function gauge(more: Partial<GaugePoint> = {}): GaugePoint {
  return { ...base, kind: "gauge", value: 0.5, ...more };
}

export function upDown(more: Partial<UpDownCounterPoint> = {}): UpDownCounterPoint {
  return { ...base, kind: "upDownCounter", value: -3, ...more };
}

const SCALE = 6;

/** A histogram of values, as the host hands it over. */
export function histogram(
  values: readonly number[],
  more: Partial<HistogramPoint> = {},
): HistogramPoint {
  const sorted = [...values].sort((one, other) => one - other);
  const at = (q: number): number => sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1] as number;
  const sum = sorted.reduce((all, value) => all + value, 0);
  return {
    ...base,
    kind: "histogram",
    temporality: "delta",
    count: sorted.length,
    sum,
    min: at(0),
    max: at(1),
    mean: sum / sorted.length,
    ...{ p50: at(0.5), p75: at(0.75), p90: at(0.9), p95: at(0.95), p99: at(0.99), p999: at(0.999) },
    buckets: bucketsOf(sorted),
    ...more,
  };
}

function bucketsOf(values: readonly number[]): ExponentialBuckets {
  const indexes = values
    .filter((value) => value > 0)
    .map((value) => Math.ceil(Math.log2(value) * 2 ** SCALE) - 1);
  const offset = indexes.length > 0 ? Math.min(...indexes) : 0;
  const length = indexes.length > 0 ? Math.max(...indexes) - offset + 1 : 0;
  const counts: number[] = new Array(length).fill(0);
  for (const index of indexes) counts[index - offset] = (counts[index - offset] as number) + 1;
  const zeroCount = values.length - indexes.length;
  return { scale: SCALE, zeroCount, zeroThreshold: 2 ** -40, offset, counts };
}

let batches = 0;

/** A batch that nobody may change. */
export function batchOf(points: readonly Point[], events: readonly EventRecord[] = []): Batch {
  batches += 1;
  const resource: Tags = { "service.name": "shop" };
  const lists = { points, spans: [], errors: [], events };
  return freeze({ id: `batch-${batches}`, time: T0, resource, ...lists });
}

function freeze<Value>(value: Value): Value {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const one of Object.values(value)) freeze(one);
  }
  return value;
}

/** A call with ten seconds, as the host makes it. */
export function call(signal: AbortSignal = AbortSignal.timeout(10_000)): ReportCall {
  return { signal, attempt: 1, deadline: Date.now() + 10_000 };
}
