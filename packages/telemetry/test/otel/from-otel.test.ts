import { Reject, RetryLater } from "@elpis/api";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fromOtel, type OtelExporter } from "../../src/otel.ts";
import { type OtlpServer, otlpServer } from "../support/otlp.ts";
import { batchOf, call, ERRORS, EVENTS, POINTS, SPANS } from "../support/samples.ts";
import { LINES } from "./lines.ts";

let server: OtlpServer;
beforeEach(async () => {
  server = await otlpServer();
});
afterEach(() => server.close());

describe.each(LINES)("exporters of the SDK $line", ({ metrics, Metrics, Traces, Logs }) => {
  const url = (signal: string): { url: string } => ({ url: `${server.url}/v1/${signal}` });

  it("take points", async () => {
    const metricExporter = new Metrics(url("metrics"));
    const reporter = fromOtel({ metricExporter });
    expect(reporter.wants).toEqual({ signals: ["metrics"], temporality: "cumulative" });
    expect(await reporter.report(batchOf({ points: POINTS }), call())).toEqual({ rejected: 0 });
    const [request] = server.got["/v1/metrics"] as [object];
    const time = "1790000000000000000";
    const startTimeUnixNano = "1789999940000000000";
    expect(request).toMatchObject({
      resourceMetrics: [
        {
          resource: {
            attributes: [
              { key: "service.name", value: { stringValue: "shop" } },
              {
                key: "service.instance.id",
                value: { stringValue: expect.stringMatching(/^.{36}$/) },
              },
              { key: "host.name" },
            ],
          },
          scopeMetrics: [
            {
              scope: { name: "shop" },
              metrics: [
                {
                  ...{ name: "orders", unit: "{order}", description: "Orders" },
                  sum: {
                    aggregationTemporality: "AGGREGATION_TEMPORALITY_CUMULATIVE",
                    isMonotonic: true,
                    dataPoints: [
                      {
                        ...{ asDouble: 41.5, timeUnixNano: time, startTimeUnixNano },
                        attributes: [
                          { key: "app", value: { stringValue: "shop" } },
                          { key: "process", value: { stringValue: "web" } },
                          { key: "exported_process", value: { stringValue: "mine" } },
                          { key: "paid", value: { boolValue: true } },
                          { key: "status", value: { intValue: "200" } },
                          { key: "ratio", value: { doubleValue: 0.5 } },
                        ],
                      },
                      { asDouble: 2, attributes: [{}, {}, { key: "index" }] },
                    ],
                  },
                },
                { name: "open", sum: { dataPoints: [{ asDouble: -3 }] } },
                {
                  name: "times",
                  histogram: {
                    dataPoints: [
                      {
                        ...{ count: "3", sum: 815.5, min: 3, max: 800 },
                        ...{ explicitBounds: [10, 100], bucketCounts: ["1", "1", "1"] },
                      },
                    ],
                  },
                },
              ],
            },
            { scope: { name: "system" }, metrics: [{ name: "load", gauge: {} }] },
          ],
        },
      ],
    });
    await reporter.close?.();
    await reporter.close?.();
  });

  it("are asked what they want", async () => {
    const { AggregationTemporality, AggregationType } = metrics;
    const metricExporter = new Metrics({
      ...url("metrics"),
      temporalityPreference: AggregationTemporality.DELTA as never,
      aggregationPreference: () => ({ type: AggregationType.EXPONENTIAL_HISTOGRAM }),
    });
    const reporter = fromOtel({ metricExporter });
    expect(reporter.wants.temporality).toBe("delta");
    const points = POINTS.flatMap((point) =>
      point.kind === "histogram" ? { ...point, temporality: "delta" as const } : [],
    );
    await reporter.report(batchOf({ points }), call());
    expect(server.got["/v1/metrics"]?.[0]).toMatchObject({
      resourceMetrics: [
        {
          scopeMetrics: [
            {
              metrics: [
                {
                  exponentialHistogram: {
                    aggregationTemporality: "AGGREGATION_TEMPORALITY_DELTA",
                    dataPoints: [{ count: "3", scale: 4, positive: { offset: 25 } }],
                  },
                },
              ],
            },
          ],
        },
      ],
    });
    await reporter.close?.();
  });

  it("take spans, errors and events", async () => {
    const reporter = fromOtel({
      spanExporter: new Traces(url("traces")),
      logExporter: new Logs(url("logs")),
    });
    expect(reporter.wants.signals).toEqual(["spans", "errors", "events"]);
    await reporter.report(batchOf({ spans: SPANS, errors: ERRORS, events: EVENTS }), call());
    expect(server.got["/v1/traces"]?.[0]).toMatchObject({
      resourceSpans: [
        {
          scopeSpans: [
            {
              scope: { name: "acme-http", version: "1.2" },
              spans: [
                {
                  ...{ traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" },
                  ...{ parentSpanId: "00f067aa0ba902b7", traceState: "acme=1,other=2" },
                  ...{ name: "GET /orders", kind: "SPAN_KIND_SERVER" },
                  startTimeUnixNano: "1790000000000250000",
                  endTimeUnixNano: "1790000000012750000",
                  status: { code: "STATUS_CODE_ERROR", message: "no stock" },
                  attributes: [
                    { key: "app", value: { stringValue: "shop" } },
                    { key: "process" },
                    { key: "index", value: { intValue: "0" } },
                    { key: "http.route" },
                    { key: "list", value: { arrayValue: { values: [{ stringValue: "a" }, {}] } } },
                    { key: "exported_app", value: { stringValue: "mine" } },
                  ],
                  events: [{ name: "exception", timeUnixNano: "1790000000001000000" }],
                  links: [{ traceId: "11111111111111111111111111111111", attributes: [{}] }],
                },
              ],
            },
          ],
        },
      ],
    });
    expect(server.got["/v1/logs"]?.[0]).toMatchObject({
      resourceLogs: [
        {
          scopeLogs: [
            {
              scope: { name: "elpis" },
              logRecords: [
                {
                  severityNumber: "SEVERITY_NUMBER_ERROR",
                  body: { stringValue: "x is not a function" },
                  traceId: "0af7651916cd43dd8448eb211c80319c",
                  attributes: [
                    ...[{ key: "app" }, { key: "process" }, { key: "index" }, { key: "pid" }],
                    { key: "exception.type", value: { stringValue: "TypeError" } },
                    { key: "exception.message" },
                    { key: "exception.stacktrace" },
                    { key: "elpis.error.origin" },
                  ],
                },
                {
                  ...{ eventName: "order.placed", timeUnixNano: "1790000000000000000" },
                  attributes: [{}, {}, { key: "total" }, { key: "items" }, { key: "event.name" }],
                },
              ],
            },
          ],
        },
      ],
    });
    await reporter.close?.();
  });

  it("say what becomes of a batch", async () => {
    const spanExporter = new Traces({ ...url("traces"), timeoutMillis: 1500 });
    const reporter = fromOtel({ spanExporter });
    const batch = batchOf({ spans: SPANS });
    // Longer than its timeout: it gives up at once.
    server.answers.push((response) => response.writeHead(429, { "retry-after": "20" }).end());
    await expect(reporter.report(batch, call())).rejects.toBeInstanceOf(RetryLater);
    server.answers.push((response) => response.writeHead(400).end("no"));
    await expect(reporter.report(batch, call())).rejects.toBeInstanceOf(Reject);
    // It is taken at last, and nothing was sent when there is nothing.
    expect(await reporter.report(batch, call())).toEqual({ rejected: 0 });
    expect(await reporter.report(batchOf({}), call())).toEqual({ rejected: 0 });
    expect(server.got["/v1/traces"]).toHaveLength(1);
    // The host knows what a connection is that cannot be made.
    await server.close();
    await expect(reporter.report(batch, call())).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await reporter.close?.();
  });

  it("are not waited for when time is up", async () => {
    const reporter = fromOtel({ spanExporter: new Traces(url("traces")) });
    const abort = new AbortController();
    server.answers.push(() => abort.abort(new Error("time is up")));
    const reported = reporter.report(batchOf({ spans: SPANS }), call(abort.signal));
    await expect(reported).rejects.toThrow("time is up");
  });
});

describe("a reporter of exporters", () => {
  function exporter(result: { code: number; error?: Error } | undefined): OtelExporter {
    return {
      export: (_, done) => {
        if (result !== undefined) done(result);
      },
      shutdown: async () => {},
    };
  }
  const coded = (code: unknown): Error => Object.assign(new Error("no"), { code });

  it.each([
    [new Error("Export failed with retryable status"), { code: "ELPIS_REPORTER_RETRY_LATER" }],
    [coded(14), { code: "ELPIS_REPORTER_RETRY_LATER" }],
    [coded(8), { code: "ELPIS_REPORTER_RETRY_LATER" }],
    [coded(3), { code: "ELPIS_REPORTER_REJECTED", message: "no (3)" }],
    [coded("ECONNRESET"), { code: "ECONNRESET" }],
    [undefined, { code: "ELPIS_REPORTER_REJECTED" }],
  ])("says what an error of an exporter means: %s", async (error, expected) => {
    const result = { code: 1, ...(error !== undefined && { error }) };
    const reporter = fromOtel({ spanExporter: exporter(result) });
    const reported = reporter.report(batchOf({ spans: SPANS }), call());
    await expect(reported).rejects.toMatchObject(expected);
  });

  it("hands nothing more to an exporter that has not come back", async () => {
    const reporter = fromOtel({ spanExporter: exporter(undefined) });
    const abort = new AbortController();
    const first = reporter.report(batchOf({ spans: SPANS }), call(abort.signal));
    abort.abort(new Error("time is up"));
    await expect(first).rejects.toThrow("time is up");
    await expect(reporter.report(batchOf({ spans: SPANS }), call())).rejects.toMatchObject({
      code: "ELPIS_REPORTER_RETRY_LATER",
    });
  });

  it("needs one", () => {
    expect(() => fromOtel({})).toThrow(
      expect.objectContaining({ code: "ELPIS_TELEMETRY_BAD_OPTION" }),
    );
  });
});
