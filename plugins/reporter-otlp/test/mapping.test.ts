import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { open } from "../src/open.ts";
import { type HttpServer, httpServer } from "./support/http-server.ts";
import { decodeRequest } from "./support/protos.ts";
import { batchOf, call, ERRORS, EVENTS, POINTS, SPANS } from "./support/samples.ts";

let server: HttpServer;
beforeEach(async () => {
  server = await httpServer();
});
afterEach(() => server.close());

const ALL = { points: POINTS, spans: SPANS, errors: ERRORS, events: EVENTS };
const T = "1790000000000000000";

/** What came, by path. */
function decoded(): Record<string, unknown> {
  return Object.fromEntries(server.got.map(({ path, body }) => [path, decodeRequest(path, body)]));
}

/** With all numbers as text: JSON may have either. */
function texts(value: unknown): unknown {
  const text = JSON.stringify(value, (_, one: unknown) =>
    typeof one === "number" ? String(one) : one,
  );
  return JSON.parse(text);
}

describe("a request", () => {
  it("has points as the official protocol reads them", async () => {
    const reporter = await open({ endpoint: server.url }, {});
    expect(await reporter.report(batchOf({ points: POINTS }), call())).toEqual({ rejected: 0 });
    expect(server.got[0]).toMatchObject({
      method: "POST",
      path: "/v1/metrics",
      headers: { "content-type": "application/x-protobuf" },
    });
    const startTimeUnixNano = "1789999940000000000";
    const orders = {
      aggregationTemporality: 2,
      isMonotonic: true,
      dataPoints: [
        {
          ...{ startTimeUnixNano, timeUnixNano: T, asDouble: 41.5 },
          attributes: [
            { key: "app", value: { stringValue: "shop" } },
            { key: "process", value: { stringValue: "web" } },
            { key: "exported_process", value: { stringValue: "mine" } },
            { key: "paid", value: { boolValue: true } },
            { key: "status", value: { intValue: "200" } },
            { key: "ratio", value: { doubleValue: 0.5 } },
          ],
        },
        {
          ...{ startTimeUnixNano, timeUnixNano: T, asDouble: 2 },
          attributes: [
            { key: "app", value: { stringValue: "shop" } },
            { key: "process", value: { stringValue: "api" } },
            { key: "index", value: { intValue: "1" } },
          ],
        },
      ],
    };
    const attributes = [
      { key: "app", value: { stringValue: "shop" } },
      { key: "process", value: { stringValue: "web" } },
    ];
    const at = { attributes, startTimeUnixNano, timeUnixNano: T };
    expect(decoded()).toEqual({
      "/v1/metrics": {
        resourceMetrics: [
          {
            resource: {
              attributes: [
                { key: "service.name", value: { stringValue: "shop" } },
                {
                  key: "service.instance.id",
                  value: { stringValue: expect.stringMatching(/^[0-9a-f-]{36}$/) },
                },
                { key: "host.name", value: { stringValue: "h1" } },
              ],
            },
            scopeMetrics: [
              {
                scope: { name: "shop" },
                metrics: [
                  { name: "orders", description: "Orders", unit: "{order}", sum: orders },
                  {
                    ...{ name: "open", description: "", unit: "" },
                    sum: {
                      ...{ aggregationTemporality: 2, isMonotonic: false },
                      dataPoints: [{ ...at, asDouble: -3 }],
                    },
                  },
                  {
                    ...{ name: "times", description: "", unit: "ms" },
                    exponentialHistogram: {
                      aggregationTemporality: 2,
                      dataPoints: [
                        {
                          ...at,
                          ...{ count: "3", sum: 815.5, min: 3, max: 800 },
                          ...{ scale: 4, zeroCount: "0", zeroThreshold: 2 ** -40 },
                          positive: { offset: 25, bucketCounts: expect.any(Array) },
                          exemplars: [
                            {
                              ...{ asDouble: 12.5, timeUnixNano: "1789999999999000000" },
                              traceId: "0af7651916cd43dd8448eb211c80319c",
                              spanId: "b7ad6b7169203331",
                              filteredAttributes: [{ key: "user", value: { stringValue: "u1" } }],
                            },
                          ],
                        },
                      ],
                    },
                  },
                ],
              },
              {
                scope: { name: "system" },
                metrics: [
                  {
                    ...{ name: "load", description: "", unit: "" },
                    gauge: { dataPoints: [{ ...at, asDouble: 0.25 }] },
                  },
                ],
              },
            ],
          },
        ],
      },
    });
  });

  it("has buckets that begin below one, and large counts", async () => {
    const reporter = await open({ endpoint: server.url }, {});
    const [point] = POINTS.filter(({ kind }) => kind === "histogram");
    const buckets = {
      ...{ scale: -2, zeroCount: 300, zeroThreshold: 0, offset: -77 },
      counts: [1, 0, 127, 128, 2 ** 32 + 5, 2 ** 52],
    };
    const points = [{ ...point, buckets } as typeof point & object];
    await reporter.report(batchOf({ points }), call());
    expect(JSON.stringify(decoded())).toContain(
      JSON.stringify({
        offset: -77,
        bucketCounts: ["1", "0", "127", "128", "4294967301", "4503599627370496"],
      }),
    );
    expect(JSON.stringify(decoded())).toContain('"scale":-2,"zeroCount":"300"');
  });

  it("has explicit bounds when that is asked for", async () => {
    const reporter = await open({ endpoint: server.url, histograms: "explicit" }, {});
    await reporter.report(batchOf({ points: POINTS.slice(-1) }), call());
    expect(JSON.stringify(decoded())).toContain(
      JSON.stringify({ explicitBounds: [10, 100] }).slice(1, -1),
    );
    expect(JSON.stringify(decoded())).toContain('"bucketCounts":["1","1","1"]');
  });

  it("has deltas when that is asked for", async () => {
    const reporter = await open({ endpoint: server.url, temporality: "delta" }, {});
    expect(reporter.wants.temporality).toBe("delta");
    const points = POINTS.slice(0, 1).map((one) => ({ ...one, temporality: "delta" }) as never);
    await reporter.report(batchOf({ points }), call());
    expect(JSON.stringify(decoded())).toContain('"aggregationTemporality":1');
  });

  it("has spans", async () => {
    const reporter = await open({ endpoint: server.url }, {});
    await reporter.report(batchOf({ spans: SPANS }), call());
    expect(decoded()).toMatchObject({
      "/v1/traces": {
        resourceSpans: [
          {
            scopeSpans: [
              {
                scope: { name: "acme-http", version: "1.2" },
                spans: [
                  {
                    traceId: "0af7651916cd43dd8448eb211c80319c",
                    spanId: "b7ad6b7169203331",
                    ...{ parentSpanId: "00f067aa0ba902b7", traceState: "acme=1,other=2" },
                    ...{ flags: 1, name: "GET /orders", kind: 2 },
                    startTimeUnixNano: "1790000000000250000",
                    endTimeUnixNano: "1790000000012750000",
                    status: { code: 2, message: "no stock" },
                    attributes: [
                      ...[{ key: "app" }, { key: "process" }],
                      { key: "index", value: { intValue: "0" } },
                      { key: "http.route" },
                      {
                        key: "list",
                        value: {
                          arrayValue: { values: [{ stringValue: "a" }, { stringValue: "b" }] },
                        },
                      },
                      { key: "exported_app", value: { stringValue: "mine" } },
                    ],
                    events: [
                      { name: "exception", timeUnixNano: "1790000000001000000", attributes: [{}] },
                    ],
                    links: [
                      { traceId: "11111111111111111111111111111111", spanId: "2222222222222222" },
                    ],
                  },
                ],
              },
            ],
          },
        ],
      },
    });
  });

  it("has errors and events as log records", async () => {
    const reporter = await open({ endpoint: server.url }, {});
    const odd = ERRORS.map((error) => ({ ...error, stack: "", traceId: "order-7" }));
    await reporter.report(batchOf({ errors: [...ERRORS, ...odd], events: EVENTS }), call());
    const text = (stringValue: string): object => ({ stringValue });
    expect(decoded()).toMatchObject({
      "/v1/logs": {
        resourceLogs: [
          {
            scopeLogs: [
              {
                logRecords: [
                  {
                    ...{ timeUnixNano: T, observedTimeUnixNano: T },
                    ...{ severityNumber: 17, severityText: "ERROR" },
                    body: text("x is not a function"),
                    traceId: "0af7651916cd43dd8448eb211c80319c",
                    attributes: [
                      { key: "app", value: text("shop") },
                      { key: "process", value: text("web") },
                      { key: "index", value: { intValue: "2" } },
                      { key: "pid", value: { intValue: "4711" } },
                      { key: "exception.type", value: text("TypeError") },
                      { key: "exception.message", value: text("x is not a function") },
                      { key: "exception.stacktrace", value: text("TypeError: x\n  at y") },
                      { key: "elpis.error.origin", value: text("uncaughtException") },
                    ],
                  },
                  { attributes: [{}, {}, {}, {}, {}, {}, {}, { key: "trace_id" }] },
                  {
                    ...{ eventName: "order.placed", severityNumber: 9 },
                    attributes: [
                      ...[{}, {}, { key: "total", value: { doubleValue: 9.5 } }, { key: "items" }],
                      { key: "event.name", value: text("order.placed") },
                    ],
                  },
                ],
              },
            ],
          },
        ],
      },
    });
  });

  it("says the same as JSON, with gzip", async () => {
    const protobuf = await open({ endpoint: server.url }, {});
    await protobuf.report(batchOf(ALL), call());
    const before = decoded();
    server.got.length = 0;
    const json = await open(
      { endpoint: server.url, protocol: "http/json", compression: "gzip" },
      {},
    );
    await json.report(batchOf(ALL), call());
    expect(server.got).toHaveLength(3);
    for (const { path, body, headers } of server.got) {
      expect(headers).toMatchObject({
        ...{ "content-type": "application/json", "content-encoding": "gzip" },
      });
      expect(texts(JSON.parse(body.toString()))).toEqual(texts(before[path]));
    }
  });

  it("has no half characters, and no number that does not fit", async () => {
    const tags = { half: "a\ud83d", huge: 1e300, whole: -(2 ** 53 - 1), below: -2 };
    const events = EVENTS.map((event) => ({ ...event, tags }));
    for (const protocol of ["http/protobuf", "http/json"] as const) {
      const reporter = await open({ endpoint: server.url, protocol }, {});
      await reporter.report(batchOf({ events }), call());
    }
    const [protobuf, json] = server.got;
    const plain = [
      texts(decodeRequest("/v1/logs", protobuf?.body as Buffer)),
      texts(JSON.parse(json?.body.toString() as string)),
    ];
    expect(plain[0]).toEqual(plain[1]);
    expect(JSON.stringify(plain[0])).toContain('"stringValue":"a\ufffd"');
    expect(JSON.stringify(plain[0])).toContain('"intValue":"-9007199254740991"');
    expect(JSON.stringify(plain[0])).toContain('"doubleValue":"1e+300"');
  });

  it("leaves out spans without ids, and says so", async () => {
    const reporter = await open({ endpoint: server.url }, {});
    const bad = SPANS.map((span) => ({ ...span, traceId: "not one" }));
    expect(await reporter.report(batchOf({ spans: [...SPANS, ...bad] }), call())).toEqual({
      ...{ rejected: 1, reason: "its ids are none" },
    });
    expect(await reporter.report(batchOf({ spans: bad }), call())).toMatchObject({ rejected: 1 });
    expect(server.got).toHaveLength(1);
  });

  it("is none when there is nothing", async () => {
    const reporter = await open({ endpoint: server.url }, {});
    expect(await reporter.report(batchOf({}), call())).toEqual({ rejected: 0 });
    expect(server.got).toEqual([]);
  });
});
