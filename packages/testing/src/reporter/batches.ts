import type {
  Batch,
  ErrorRecord,
  EventRecord,
  Point,
  PointSource,
  Signal,
  SpanRecord,
  Tags,
  Wants,
} from "@elpis/api";
import { deepFreeze } from "./deep-freeze.ts";

const SOURCE: PointSource = { app: "shop", name: "web" };
const MINUTE_MS = 60_000;
/** What turns up in tags sooner or later. */
const ODD: Tags = {
  path: "/a b/ü/汉字?x=1,2",
  quote: `"'\\`,
  lines: "one\r\ntwo\tthree",
  smile: "😀",
  empty: "",
  long: "x".repeat(500),
  "a.b-c d": true,
  status: 200,
};

/** A batch of each signal that a reporter wants. `time` is that of now. @param count items of each */
export function batchesFor(wants: Wants, id: string, count: number): readonly Batch[] {
  return wants.signals.map((signal) => batchOf(signal, wants, `${id}-${signal}`, count));
}

function batchOf(wanted: Signal, wants: Wants, id: string, count: number): Batch {
  const time = Date.now();
  const of = <Item>(signal: Signal, make: (at: number) => Item): readonly Item[] =>
    signal === wanted ? Array.from({ length: count }, (_, at) => make(at)) : [];
  return deepFreeze({
    ...{ id, time },
    resource: {
      "service.name": "shop",
      "service.instance.id": "host/shop",
      "host.name": "host",
    },
    points: of("metrics", (at) => pointAt(at, time, wants)),
    spans: of("spans", (at) => spanAt(at, time)),
    errors: of("errors", (at) => errorAt(at, time)),
    events: of("events", (at) => eventAt(at, time)),
  });
}

function pointAt(at: number, time: number, { temporality = "cumulative" }: Wants): Point {
  const base = {
    ...{ name: `test.point.${at}`, description: "One of many.", group: "test", time },
    ...{ level: "normal" as const, source: SOURCE, start: time - MINUTE_MS },
    tags: at % 7 === 0 ? { ...ODD, at } : { at },
  };
  switch (at % 4) {
    case 0:
      return { ...base, kind: "counter", unit: "1", temporality, value: at * 3 };
    case 1:
      return { ...base, kind: "gauge", unit: "By", value: at % 8 === 1 ? -1.5e-7 : 2 ** 53 };
    case 2:
      return { ...base, kind: "upDownCounter", unit: "{item}", value: -at };
    default:
      return {
        ...{ ...base, kind: "histogram", unit: "s", temporality, count: 3, sum: 7, min: 1, max: 4 },
        ...{ mean: 7 / 3, p50: 2, p75: 4, p90: 4, p95: 4, p99: 4, p999: 4 },
        buckets: { scale: 0, zeroCount: 0, zeroThreshold: 0, offset: -1, counts: [1, 1, 1] },
      };
  }
}

function spanAt(at: number, time: number): SpanRecord {
  const hex = (length: number): string => (at + 1).toString(16).padStart(length, "0");
  return {
    ...{ traceId: hex(32), spanId: hex(16), name: `GET /item/${at}`, source: SOURCE },
    ...(at % 3 > 0 && { parentSpanId: "00000000000000aa" }),
    kind: (["server", "client", "internal", "producer", "consumer"] as const)[at % 5] ?? "internal",
    ...{ start: time - 20.5, durationMs: at % 2 === 0 ? 12.25 : 0 },
    ...(at % 4 === 0
      ? { status: "error" as const, statusMessage: "it broke" }
      : { status: "unset" as const }),
    tags: at % 7 === 0 ? { ...ODD, list: ["a", "b"] } : { at },
    events: at % 5 === 0 ? [{ name: "retry", time: time - 10, tags: { attempt: 2 } }] : [],
    links: [],
  };
}

function errorAt(at: number, time: number): ErrorRecord {
  return {
    ...{ time, seq: at + 1, app: "shop", process: "web", index: at % 3, pid: 4711 },
    ...{ origin: at % 2 === 0 ? "log" : "uncaughtException", errType: "TypeError" },
    message: `${at} is not a function\nof that kind "😀"`,
    stack: at % 3 === 0 ? "" : "TypeError: no\n    at work (/srv/shop/web.js:1:2)",
    ...(at % 2 === 0 && { traceId: "f".repeat(32) }),
  };
}

function eventAt(at: number, time: number): EventRecord {
  return {
    ...{ name: "order.placed", time, source: SOURCE },
    tags: at % 7 === 0 ? { ...ODD, total: 42.5 } : { total: at },
  };
}
