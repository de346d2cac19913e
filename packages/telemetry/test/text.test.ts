import { seeded } from "@elpis/testing";
import { describe, expect, it } from "vitest";
import {
  createAggregator,
  createDeltaSender,
  createStore,
  type HistogramPoint,
  type Point,
  type Store,
  toOpenMetrics,
  toPrometheus,
} from "../src/index.ts";
import { parseScrape } from "./support/exposition.ts";
import { FakeTracer, traceOf } from "./support/traces.ts";

const RUNS = Number(process.env.ELPIS_PROPERTY_RUNS ?? 100);

function points(fill: (store: Store) => void): readonly Point[] {
  const store = createStore();
  fill(store);
  return store.readPoints();
}

describe("the text of Prometheus", () => {
  it("has counters, gauges and histograms as Prometheus wants them", () => {
    const all = points((store) => {
      const description = "Requests that were answered";
      store.counter("http.requests", { description }).add(3, { method: "GET", status: 200 });
      store.upDownCounter("http.open").add(2);
      store.gauge("mem.used", { unit: "MiBy" }).record(1.5);
      store.histogram("http.duration", { unit: "ms", bounds: [10, 100] }).record(42);
    });
    expect(toPrometheus(all)).toBe(
      [
        "# HELP http_requests_total Requests that were answered",
        "# TYPE http_requests_total counter",
        'http_requests_total{method="GET",status="200"} 3',
        "# HELP http_open http.open",
        "# TYPE http_open gauge",
        "http_open 2",
        "# HELP mem_used_bytes mem.used",
        "# TYPE mem_used_bytes gauge",
        "mem_used_bytes 1572864",
        "# HELP http_duration_seconds http.duration",
        "# TYPE http_duration_seconds histogram",
        'http_duration_seconds_bucket{le="0.01"} 0',
        'http_duration_seconds_bucket{le="0.1"} 1',
        'http_duration_seconds_bucket{le="+Inf"} 1',
        "http_duration_seconds_sum 0.042",
        "http_duration_seconds_count 1",
        "",
      ].join("\n"),
    );
  });

  it("is OpenMetrics as well", () => {
    const all = points((store) => {
      store.counter("jobs.time", { unit: "ms", description: 'of "all"' }).add(1500);
      store.histogram("sizes", { bounds: [1, 2.5] }).record(1);
    });
    const exemplars = [{ value: 1, time: 1_700_000_000_500, tags: { trace_id: "abc" } }];
    const withExemplar = all.map((point) =>
      point.kind === "histogram" || point.kind === "counter" ? { ...point, exemplars } : point,
    );
    expect(toOpenMetrics(withExemplar)).toBe(
      [
        '# HELP jobs_time_seconds of \\"all\\"',
        "# TYPE jobs_time_seconds counter",
        "# UNIT jobs_time_seconds seconds",
        'jobs_time_seconds_total 1.5 # {trace_id="abc"} 0.001 1700000000.5',
        "# HELP sizes sizes",
        "# TYPE sizes histogram",
        'sizes_bucket{le="1.0"} 1 # {trace_id="abc"} 1 1700000000.5',
        'sizes_bucket{le="2.5"} 1',
        'sizes_bucket{le="+Inf"} 1',
        "sizes_sum 1",
        "sizes_count 1",
        "# EOF",
        "",
      ].join("\n"),
    );
  });

  it("has in each bucket the newest exemplar of its own values", () => {
    const tracer = new FakeTracer();
    const clock = { ms: 1_700_000_000_000 };
    const store = createStore({ wallTime: () => clock.ms });
    const times = store.histogram("times", { unit: "ms", bounds: [10, 20, 100] });
    for (const ms of [3, 15, 18, 70, 500]) {
      clock.ms += 500;
      tracer.current = traceOf(ms);
      times.record(ms);
    }
    const filter = { names: ["times"] };
    const { samples } = parseScrape(toOpenMetrics(store.readPoints(filter)), true);
    const ofBucket = (ms: number, seconds: number): object => ({
      labels: { trace_id: traceOf(ms).traceId, span_id: traceOf(ms).spanId },
      ...{ value: ms / 1000, time: 1_700_000_000 + seconds },
    });
    expect(samples.map(({ labels, value, exemplar }) => [labels.le, value, exemplar])).toEqual([
      // A store keeps four at most: the quickest of these has none.
      ["0.01", 1, undefined],
      ["0.02", 3, ofBucket(18, 1.5)],
      ["0.1", 4, ofBucket(70, 2)],
      ["+Inf", 5, ofBucket(500, 2.5)],
      [undefined, 0.606, undefined],
      [undefined, 5, undefined],
    ]);
    expect(toPrometheus(store.readPoints(filter))).not.toContain("trace_id");
  });

  it("does not say of a value that it is in another bucket", () => {
    const [point] = points((store) => {
      const sizes = store.histogram("sizes", { bounds: [1, 2.5] });
      for (const size of [0.5, 1, 2]) sizes.record(size);
    });
    const exemplars = [0.5, 1, 0.7].map((value, at) => {
      return { value, time: at === 2 ? 0 : at, tags: { trace_id: String(at) } };
    });
    const { samples } = parseScrape(toOpenMetrics([{ ...point, exemplars } as Point]), true);
    expect(samples.map(({ exemplar }) => exemplar?.value)).toEqual([
      1,
      ...new Array(samples.length - 1).fill(undefined),
    ]);
  });

  it("names whose a point is; tags make way for that", async () => {
    const store = createStore();
    store.counter("jobs").add(1, { process: "mine", "a.b": 1, a_b: 2, le: "x", empty: "" });
    const aggregator = createAggregator();
    const source = { app: "shop", name: "web", index: 1, epoch: 1 };
    await createDeltaSender({
      store,
      send: async (delta) => aggregator.take(source, delta),
    }).flush();
    const filter = { names: ["jobs"] };
    expect(toPrometheus(aggregator.readPoints({ scope: "process", filter }))).toContain(
      'jobs_total{app="shop",process="web",index="1",a_b="1;2",exported_le="x",exported_process="mine"} 1',
    );
    expect(toPrometheus(aggregator.readPoints({ scope: "app", filter }))).toContain(
      'jobs_total{app="shop",a_b="1;2",exported_le="x",process="mine"} 1',
    );
    expect(
      toPrometheus(aggregator.readPoints({ filter }), {
        labels: () => ({ host: "h" }),
        prefix: "e_",
      }),
    ).toContain('e_jobs_total{host="h",');
  });

  it("leaves out what cannot be told apart, and says so", () => {
    const dropped: string[] = [];
    const all = points((store) => {
      store.counter("a.b").add(1);
      store.counter("a_b").add(2);
      store.gauge("a-b").record(3);
      store.histogram("h").record(1);
      store.counter("h.count").add(4);
      store.gauge("h_sum").record(5);
      store.gauge("t").record(1, { "x.y": 1 });
      store.gauge("t").record(2, { "x/y": 1 });
    });
    const delta = { ...(all[0] as Point), name: "d", temporality: "delta" } as Point;
    const text = toPrometheus([...all, delta], { onDrop: ({ name }) => dropped.push(name) });
    expect(parseScrape(text, false).samples.map(({ name, value }) => `${name} ${value}`)).toEqual(
      expect.arrayContaining(["a_b_total 1", "h_count 1", "t 1"]),
    );
    expect(dropped).toEqual(["a_b", "a-b", "h.count", "h_sum", "t", "d"]);
  });

  it("spoils nothing with strange texts", () => {
    const texts = [
      "",
      "a",
      'q"uote',
      "back\\slash",
      "new\nline",
      "日本",
      "}{",
      "x=1,y",
      "\r",
      "1st",
      "é",
    ];
    for (let seed = 1; seed <= RUNS; seed++) {
      const random = seeded(seed);
      const text = (): string => random.pick(texts) + random.pick(texts);
      const all = points((store) => {
        for (let count = 0; count < 10; count++) {
          const options = {
            description: text(),
            unit: random.pick(["", "ms", "By", "1", "{x}", "%"]),
          };
          const name = `n${text()}`;
          const tags = Object.fromEntries([0, 1, 2].map(() => [text(), text()]));
          try {
            const kind = random.int(3);
            if (kind === 0) store.counter(name, options).add(random.int(9), tags);
            else if (kind === 1) store.gauge(name, options).record(random.next() - 0.5, tags);
            else store.histogram(name, options).record(random.next() * 100, tags);
          } catch (error) {
            expect(error).toMatchObject({ code: "ELPIS_TELEMETRY_CONFLICT" });
          }
        }
      });
      const plain = parseScrape(toPrometheus(all), false);
      const open = parseScrape(toOpenMetrics(all), true);
      expect(plain.samples.length).toBeGreaterThan(0);
      expect(open.samples, `seed ${seed}`).toEqual(
        plain.samples.map((sample) => ({
          ...sample,
          labels: Object.fromEntries(
            Object.entries(sample.labels).map(([name, value]) => [
              name,
              name === "le" && /^\d+$/.test(value) ? `${value}.0` : value,
            ]),
          ),
        })),
      );
      for (const { name } of plain.samples) {
        const base = name.replace(/_(?:bucket|sum|count)$/, "");
        expect([...plain.types.keys()]).toSatisfy(
          (keys: string[]) => keys.includes(name) || keys.includes(base),
        );
      }
    }
  });

  it("has the same bounds whatever was recorded", () => {
    const boundsOf = (value: number): string[] =>
      parseScrape(toPrometheus(points((store) => store.histogram("h").record(value))), false)
        .samples.filter(({ name }) => name === "h_bucket")
        .map(({ labels }) => labels.le as string);
    expect(boundsOf(1e9)).toEqual(boundsOf(0));
  });

  it("takes other bounds", () => {
    const all = points((store) => store.histogram("h").record(7));
    const bounds = ({ count }: HistogramPoint): readonly number[] => [count, 10];
    expect(toPrometheus(all, { bounds })).toContain('h_bucket{le="10"} 1');
  });
});
