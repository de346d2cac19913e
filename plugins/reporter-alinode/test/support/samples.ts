import type {
  Batch,
  CounterPoint,
  ErrorRecord,
  GaugePoint,
  HistogramPoint,
  Logger,
  PointBase,
  ReportCall,
  ReporterContext,
  SpanRecord,
} from "@elpis/api";

export const NOW: number = Date.UTC(2026, 10, 20, 10);

const base = (more: Partial<PointBase>): PointBase => ({
  name: "orders",
  unit: "",
  description: "",
  group: "shop",
  level: "normal",
  tags: {},
  source: { app: "shop", name: "web" },
  start: NOW - 60_000,
  time: NOW,
  ...more,
});

export const counter = (more: Partial<CounterPoint> = {}): CounterPoint => ({
  ...base(more),
  kind: "counter",
  temporality: "cumulative",
  value: 3,
  ...more,
});

export const gauge = (more: Partial<GaugePoint> = {}): GaugePoint => ({
  ...base({ name: "heap", unit: "By", ...more }),
  kind: "gauge",
  value: 26_761_760,
  ...more,
});

/** Ten values from 1 to 10 at scale 0: buckets (0.5, 1], (1, 2], (2, 4], (4, 8], (8, 16]. */
export const histogram = (more: Partial<HistogramPoint> = {}): HistogramPoint => ({
  ...base({ name: "duration", unit: "ms", ...more }),
  kind: "histogram",
  temporality: "cumulative",
  count: 10,
  sum: 55,
  min: 1,
  max: 10,
  mean: 5.5,
  p50: 5,
  p75: 8,
  p90: 9,
  p95: 10,
  p99: 10,
  p999: 10,
  buckets: { scale: 0, zeroCount: 0, zeroThreshold: 0, offset: -1, counts: [1, 1, 2, 4, 2] },
  ...more,
});

export const span = (more: Partial<SpanRecord> = {}): SpanRecord => ({
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  parentSpanId: "00f067aa0ba902b7",
  name: "GET /cart",
  kind: "server",
  start: NOW - 120.5,
  durationMs: 120.25,
  status: "error",
  statusMessage: "no cart",
  tags: { "http.request.method": "GET", list: ["a", "b"] },
  events: [],
  links: [],
  source: { app: "shop", name: "web" },
  ...more,
});

export const error = (more: Partial<ErrorRecord> = {}): ErrorRecord => ({
  time: NOW - 5,
  seq: 1,
  app: "shop",
  process: "web",
  index: 0,
  pid: 4242,
  origin: "uncaughtException",
  errType: "TypeError",
  message: "cart is undefined",
  stack:
    "TypeError: cart is undefined\n    at pay (/app/pay.js:10:5)\n    at run (/app/run.js:1:1)",
  traceId: "0af7651916cd43dd8448eb211c80319c",
  ...more,
});

let made = 0;
export const batch = (more: Partial<Batch> = {}): Batch => ({
  id: `batch-${++made}`,
  time: NOW,
  resource: { "service.name": "shop", "host.name": "web-1", "host.cpus": 4 },
  points: [],
  spans: [],
  errors: [],
  events: [],
  ...more,
});

/** One of everything that can be reported. */
export const full = (more: Partial<Batch> = {}): Batch =>
  batch({
    points: [counter(), gauge(), histogram()],
    spans: [span()],
    errors: [error()],
    ...more,
  });

export const call = (signal: AbortSignal = new AbortController().signal): ReportCall => ({
  signal,
  attempt: 1,
  deadline: Date.now() + 10_000,
});

/** A context that keeps what is logged. */
export function contextWith(now: () => number = () => NOW): ReporterContext & { said: string[] } {
  const said: string[] = [];
  const put = (message: string, fields?: object): void => {
    said.push(JSON.stringify([message, fields]));
  };
  const log: Logger = { debug: put, info: put, warn: put, error: put, child: () => log };
  return { log, resource: {}, now, said };
}

/** Freezes a value with all that it holds, so that whoever changes it throws. */
export function deepFreeze<Value>(value: Value): Value {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const one of Object.values(value)) deepFreeze(one);
  }
  return value;
}
