import type { Batch, ErrorRecord, EventRecord, Point, ReportCall, SpanRecord } from "@elpis/api";
import { ExponentialHistogram } from "@elpis/telemetry";

const T = 1_790_000_000_000;
const base = {
  unit: "",
  description: "",
  group: "shop",
  level: "normal",
  start: T - 60_000,
  time: T,
} as const;
const source = { app: "shop", name: "web" };

/** A histogram of these values, as a point has it. */
function histogramOf(...values: number[]): ExponentialHistogram {
  const histogram = new ExponentialHistogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

const durations = histogramOf(3, 12.5, 800);
const { count, sum, min, max } = durations;

export const POINTS: readonly Point[] = [
  {
    ...base,
    ...{ kind: "counter", name: "orders", unit: "{order}", description: "Orders" },
    ...{ temporality: "cumulative", value: 41.5, source },
    tags: { process: "mine", paid: true, status: 200, ratio: 0.5 },
  },
  {
    ...base,
    ...{ kind: "counter", name: "orders", unit: "{order}", description: "Orders" },
    ...{ temporality: "cumulative", value: 2, source: { ...source, name: "api", index: 1 } },
    tags: {},
  },
  { ...base, kind: "upDownCounter", name: "open", value: -3, source, tags: {} },
  { ...base, kind: "gauge", name: "load", group: "system", value: 0.25, source, tags: {} },
  {
    ...base,
    ...{ kind: "histogram", name: "times", unit: "ms", temporality: "cumulative", source },
    ...{ count, sum, min, max, mean: sum / count, tags: {}, bounds: [10, 100] },
    ...{ p50: 12.5, p75: 800, p90: 800, p95: 800, p99: 800, p999: 800 },
    buckets: durations.toBuckets(),
    exemplars: [
      {
        ...{ value: 12.5, time: T - 1 },
        tags: {
          trace_id: "0af7651916cd43dd8448eb211c80319c",
          span_id: "b7ad6b7169203331",
          user: "u1",
        },
      },
    ],
  },
];

export const SPANS: readonly SpanRecord[] = [
  {
    traceId: "0af7651916cd43dd8448eb211c80319c",
    spanId: "b7ad6b7169203331",
    parentSpanId: "00f067aa0ba902b7",
    traceState: "acme=1,other=2",
    name: "GET /orders",
    kind: "server",
    start: T + 0.25,
    durationMs: 12.5,
    status: "error",
    statusMessage: "no stock",
    tags: { "http.route": "/orders", list: ["a", "b"], app: "mine" },
    events: [{ name: "exception", time: T + 1, tags: { "exception.type": "TypeError" } }],
    links: [
      { traceId: "11111111111111111111111111111111", spanId: "2222222222222222", tags: { n: 1 } },
    ],
    source: { ...source, index: 0 },
    instrumentation: { name: "acme-http", version: "1.2" },
  },
];

export const ERRORS: readonly ErrorRecord[] = [
  {
    ...{ time: T, seq: 1, app: "shop", process: "web", index: 2, pid: 4711 },
    ...{ origin: "uncaughtException", errType: "TypeError", message: "x is not a function" },
    ...{ stack: "TypeError: x\n  at y", traceId: "0af7651916cd43dd8448eb211c80319c" },
  },
];

export const EVENTS: readonly EventRecord[] = [
  { name: "order.placed", time: T, tags: { total: 9.5, items: 3 }, source },
];

let batches = 0;

/** A batch that throws when anything of it is changed. */
export function batchOf(parts: Partial<Batch>): Batch {
  return deepFreeze({
    ...{ id: `b${batches++}`, time: T, resource: { "service.name": "shop", "host.name": "h1" } },
    ...{ points: [], spans: [], errors: [], events: [] },
    ...parts,
  });
}

export function call(signal: AbortSignal = new AbortController().signal): ReportCall {
  return { signal, attempt: 1, deadline: Date.now() + 10_000 };
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const one of Object.values(value)) deepFreeze(one);
  }
  return value;
}
