import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { seeded } from "@elpis/testing";
import { describe, expect, it } from "vitest";
import { type KeepingOptions, keeperOptions } from "../../src/keeper/keeper-options.ts";
import { Traces } from "../../src/keeper/traces.ts";
import type { SentSpan } from "../../src/topics.ts";
import type { PackedSpans } from "../../src/wire/layout.ts";
import { packed } from "../packed.ts";
import { at, EPOCH, WEB, WORKER } from "./support.ts";

const SPANS_PER_SECOND = 5000;
const SECONDS = 60;
const SPANS_PER_TRACE = 10;
const BATCHES_PER_SECOND = 10;
const MIB = 2 ** 20;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const random = seeded(1);
const hex = (): string => random.int(0x1_0000_0000).toString(16).padStart(8, "0");

/** Spans of some traces, as they come out of a message: nothing of one is shared with another. */
function makeBatch(traces: number, isWhole: boolean): { web: PackedSpans; worker: PackedSpans } {
  const web: SentSpan[] = [];
  const worker: SentSpan[] = [];
  const add = (
    list: SentSpan[],
    traceId: string,
    parent: string,
    told: Partial<SentSpan>,
  ): string => {
    const spanId = hex() + hex();
    list.push({
      ...{ traceId, spanId, ...(parent !== "" && { parentSpanId: parent }) },
      name: "GET /products/:id",
      kind: "internal",
      start: EPOCH,
      durationMs: 12.375,
      status: "unset",
      tags: {
        "http.request.method": "GET",
        "url.path": `/products/${hex()}`,
        "url.scheme": "http",
        "http.response.status_code": 200,
        "http.route": "/products/:id",
        "server.address": "shop.example",
        "user_agent.original": "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/128.0",
        ...told.tags,
      },
      ...{ events: [], links: [] },
      instrumentation: { name: "@opentelemetry/instrumentation-http", version: "0.223.0" },
      ...(told.kind && { kind: told.kind }),
    });
    return spanId;
  };
  for (let trace = 0; trace < traces; trace++) {
    const traceId = hex() + hex() + hex() + hex();
    const root = isWhole ? add(web, traceId, "", { kind: "server" }) : hex() + hex();
    for (let left = SPANS_PER_TRACE - (isWhole ? 2 : 1); left > 0; left--)
      add(web, traceId, root, {});
    add(worker, traceId, root, { kind: "server", tags: { "elpis.hub.from": "web.0" } });
  }
  return { web: packed(web.reverse()), worker: packed(worker.reverse()) };
}

/** What is used by objects and by bytes. */
function memory(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Has a minute pass, and sees how much is held and how long it takes. */
function load(options: KeepingOptions, isWhole: boolean) {
  let kept = 0;
  const traces = new Traces({
    ...keeperOptions(options),
    onKept: ({ length }) => {
      kept += length;
    },
  });
  collectGarbage();
  const before = memory();
  let [now, seq, spentMs, spans] = [0, 0, 0, 0];
  const peak = { traces: 0, bytes: 0, cached: 0, ratio: 0 };
  for (let second = 0; second < SECONDS; second++) {
    for (let part = 0; part < BATCHES_PER_SECOND; part++) {
      const count = SPANS_PER_SECOND / SPANS_PER_TRACE / BATCHES_PER_SECOND;
      const batch = makeBatch(count, isWhole);
      seq += 1;
      const told = (spans: PackedSpans): object => ({ seq, spans, open: [], lost: 0 });
      const [web, worker] = [told(batch.web), told(batch.worker)];
      now += 1000 / BATCHES_PER_SECOND;
      const startedAt = performance.now();
      traces.take(WORKER, worker, at(now));
      traces.take(WEB, web, at(now));
      if (part % 2 === 0) traces.decide(at(now));
      spentMs += performance.now() - startedAt;
      spans += count * SPANS_PER_TRACE;
      const { pending, cached } = traces.stats();
      peak.traces = Math.max(peak.traces, pending.traces);
      peak.bytes = Math.max(peak.bytes, pending.bytes);
      peak.cached = Math.max(peak.cached, cached.bytes);
    }
    if (second % 10 !== 9) continue;
    collectGarbage();
    const held = memory() - before;
    const { pending, cached } = traces.stats();
    peak.ratio = Math.max(peak.ratio, held / (pending.bytes + cached.bytes));
  }
  const microseconds = (1000 * spentMs) / spans;
  return { stats: traces.stats(), peak, microseconds, kept };
}

describe("5000 spans in a second, for a minute", () => {
  it("of traces that end: take what they need, and little time", () => {
    const { stats, peak, microseconds, kept } = load({}, true);
    expect(stats.spans).toBe(SPANS_PER_SECOND * SECONDS);
    expect(stats.spansKept + stats.pending.spans).toBe(stats.spans);
    expect(kept).toBe(stats.spansKept);
    expect(stats).toMatchObject({ early: 0, lostHere: 0, late: 0, cached: { traces: 1000 } });
    expect(peak.bytes, "about two seconds of them").toBeLessThan(16 * MIB);
    expect(peak.ratio, "what is estimated is about what it is").toBeLessThan(1.5);
    expect(microseconds).toBeLessThan(30);
  });

  it("of traces that never end: stay within the bounds", () => {
    const options = {
      sampling: { keep: { share: 0 } },
      window: { maxBytes: 32 * MIB, maxTraces: 8000 },
      cache: { maxBytes: 4 * MIB },
    };
    const { stats, peak, microseconds } = load(options, false);
    expect(peak.bytes).toBeLessThanOrEqual(32 * MIB);
    expect(peak.traces).toBeLessThanOrEqual(8000);
    expect(peak.cached).toBeLessThanOrEqual(4 * MIB);
    expect(stats.early).toBeGreaterThan(10_000);
    expect(stats.spansLetGo + stats.spansKept + stats.pending.spans).toBe(stats.spans);
    expect(peak.ratio, "what is estimated is about what it is").toBeLessThan(1.5);
    expect(microseconds).toBeLessThan(30);
  });
});
