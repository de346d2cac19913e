import type {
  Batch,
  ErrorRecord,
  EventRecord,
  Logger,
  Point,
  ReportCall,
  ReporterContext,
  SpanRecord,
} from "@elpis/api";

/** Noon of this day, in local time. */
export const NOON: number = new Date().setHours(12, 0, 0, 0);
export const DAY_MS = 86_400_000;

const source = { app: "shop", name: "web" };

/** One of each kind of point. */
export const POINTS: readonly Point[] = (() => {
  const base = {
    ...{
      unit: "ms",
      description: "",
      group: "shop",
      level: "normal" as const,
      tags: { method: "GET" },
    },
    ...{ source, start: NOON - 60_000, time: NOON },
  } as const;
  const buckets = { scale: 6, zeroCount: 0, zeroThreshold: 0, offset: 0, counts: [1] };
  const spread = { min: 1, max: 1, mean: 1, p50: 1, p75: 1, p90: 1, p95: 1, p99: 1, p999: 1 };
  return [
    { ...base, kind: "counter", name: "orders", temporality: "cumulative", value: 3 },
    { ...base, kind: "gauge", name: "load", value: 0.5 },
    { ...base, kind: "upDownCounter", name: "queue", value: -2 },
    {
      ...base,
      kind: "histogram",
      name: "took",
      temporality: "cumulative",
      count: 1,
      sum: 1,
      ...spread,
      buckets,
    },
  ];
})();

export const SPAN: SpanRecord = {
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  name: "GET /users/:id",
  kind: "server",
  start: NOON + 0.25,
  durationMs: 12.5,
  status: "ok",
  tags: { list: ["a", "b"] },
  ...{ events: [], links: [], source },
};

export const ERROR: ErrorRecord = {
  ...{ time: NOON, seq: 1, app: "shop", process: "web", index: 0, pid: 4242 },
  ...{ origin: "uncaughtException", errType: "TypeError", message: "no\nway", stack: "at a\nat b" },
};

export const EVENT: EventRecord = { name: "deployed", time: NOON, tags: { by: "小王" }, source };

let batches = 0;

/** A batch that nobody may change. */
export function batchOf(parts: Partial<Batch> = {}): Batch {
  batches += 1;
  const lists = { points: [], spans: [], errors: [], events: [] };
  const resource = { "service.name": "shop" };
  return freeze({ id: `batch-${batches}`, time: NOON, resource, ...lists, ...parts });
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

/** Where a reporter runs. @param said gets what it logs */
export function context(said: string[] = []): ReporterContext {
  const say = (message: string): void => void said.push(message);
  const log: Logger = { debug: say, info: say, warn: say, error: say, child: () => log };
  return { log, resource: {}, now: Date.now };
}
