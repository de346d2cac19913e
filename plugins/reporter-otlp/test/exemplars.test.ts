import { AsyncLocalStorage } from "node:async_hooks";
import {
  type ActiveTrace,
  createAggregator,
  createDeltaSender,
  createStore,
  provideActiveTrace,
} from "@elpis/telemetry";
import { afterEach, beforeEach, expect, it, onTestFinished } from "vitest";
import { open } from "../src/open.ts";
import { type HttpServer, httpServer } from "./support/http-server.ts";
import { decodeRequest } from "./support/protos.ts";
import { batchOf, call } from "./support/samples.ts";

let server: HttpServer;
beforeEach(async () => {
  server = await httpServer();
});
afterEach(() => server.close());

const START = 1_790_000_000_000;
const SLOW = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };
const QUICK = { traceId: "11111111111111111111111111111111", spanId: "2222222222222222" };

interface DataPoint {
  readonly count: string;
  readonly exemplars?: readonly object[];
}

/** The points of the one histogram in each request that came. */
function dataPoints(field: string): DataPoint[][] {
  return server.got.map(({ path, body }) => {
    const { resourceMetrics } = decodeRequest(path, body) as Record<string, never[]>;
    const [{ scopeMetrics }] = resourceMetrics as unknown as [{ scopeMetrics: never[] }];
    const [{ metrics }] = scopeMetrics as unknown as [{ metrics: Record<string, never>[] }];
    return metrics.flatMap(
      (one) => (one[field] as unknown as { dataPoints: DataPoint[] }).dataPoints,
    );
  });
}

/** A process that is traced, an agent that hears of it, and what a reporter reads there. */
function traced() {
  const clock = { ms: START };
  const wallTime = (): number => clock.ms;
  const traces = new AsyncLocalStorage<ActiveTrace>();
  onTestFinished(provideActiveTrace(() => traces.getStore()));
  const store = createStore({ wallTime });
  const times = store.histogram("times", { unit: "ms", bounds: [10, 100] });
  const aggregator = createAggregator({ wallTime });
  const sender = createDeltaSender({
    store,
    clock: { wallTime, now: wallTime, after: () => () => {} },
    send: async (delta) =>
      // As it comes over the hub.
      aggregator.take({ app: "shop", name: "web", index: 0, epoch: 1 }, structuredClone(delta)),
  });
  return {
    ...{ clock, aggregator, sender },
    record: (ms: number, trace: typeof SLOW, sampled = true) =>
      traces.run({ ...trace, sampled }, async () => {
        await Promise.resolve();
        times.record(ms);
      }),
  };
}

const filter = { names: ["times"] };
const exemplar = (ms: number, { traceId, spanId }: typeof SLOW, after: number): object => ({
  ...{ asDouble: ms, traceId, spanId },
  timeUnixNano: `${START + after}000000`,
});

it.each([
  ["exponential", "exponentialHistogram"],
  ["explicit", "histogram"],
] as const)(
  "has the traces of a process as the official protocol reads them: %s",
  async (histograms, field) => {
    const { record, clock, aggregator, sender } = traced();
    await record(7, QUICK);
    clock.ms += 250;
    await record(800, SLOW);
    await record(900, QUICK, false);
    expect(await sender.flush()).toBe(true);
    const reporter = await open({ endpoint: server.url, histograms }, {});
    const reader = aggregator.createReader({ filter });
    for (let times = 0; times < 2; times++) {
      const points = reader.read();
      expect(await reporter.report(batchOf({ points }), call())).toEqual({ rejected: 0 });
    }
    const point = { count: "3", exemplars: [exemplar(7, QUICK, 0), exemplar(800, SLOW, 250)] };
    expect(dataPoints(field)).toMatchObject([[point], [point]]);
  },
);

it("has each of them once in increments", async () => {
  const { record, clock, aggregator, sender } = traced();
  const reader = aggregator.createReader({ filter, temporality: "delta" });
  const reporter = await open({ endpoint: server.url, temporality: "delta" }, {});
  const report = async (): Promise<void> => {
    expect(await sender.flush()).toBe(true);
    await reporter.report(batchOf({ points: reader.read() }), call());
  };
  await record(7, QUICK);
  await report();
  clock.ms += 1000;
  await record(800, SLOW, false);
  await report();
  clock.ms += 1000;
  await record(801, SLOW);
  await report();
  expect(dataPoints("exponentialHistogram")).toEqual([
    [expect.objectContaining({ count: "1", exemplars: [exemplar(7, QUICK, 0)] })],
    [expect.not.objectContaining({ exemplars: expect.anything() })],
    [expect.objectContaining({ count: "1", exemplars: [exemplar(801, SLOW, 2000)] })],
  ]);
});

it("has them as JSON as well", async () => {
  const { record, aggregator, sender } = traced();
  await record(800, SLOW);
  await sender.flush();
  const reporter = await open({ endpoint: server.url, protocol: "http/json" }, {});
  await reporter.report(batchOf({ points: aggregator.readPoints({ filter }) }), call());
  const text = server.got[0]?.body.toString();
  expect(text).toContain(`"traceId":"${SLOW.traceId}","spanId":"${SLOW.spanId}"`);
});
