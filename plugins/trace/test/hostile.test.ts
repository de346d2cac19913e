import { BasicTracerProvider, type ReadableSpan } from "@opentelemetry/sdk-trace-base";
import { describe, expect, test } from "vitest";
import { SpanKind } from "../src/otel.ts";
import { failed } from "../src/process/failed.ts";
import { isIgnoring, pathOf } from "../src/process/http-request.ts";
import { Outbox } from "../src/spans/outbox.ts";
import { RootSampler } from "../src/spans/sampler.ts";

const tracer = new BasicTracerProvider().getTracer("test");

describe("whatever an application does", () => {
  test.each([
    ["nothing", undefined],
    ["an object without a prototype", Object.create(null)],
    ["a message that cannot be made a text", { message: { toString: 0, valueOf: 0 } }],
    [
      "a code that throws",
      Object.defineProperty({}, "code", {
        get: () => {
          throw new Error("no");
        },
      }),
    ],
    ["a symbol", Symbol("x")],
    ["a text", "that is all"],
  ])("what it throws is told and harms nobody: %s", (_, thrown) => {
    const span = tracer.startSpan("one");
    failed(span, thrown, true);
    span.end();
    expect((span as unknown as ReadableSpan).status.code).toBe(2);
  });

  test("an expression with a memory ignores every request that it fits", () => {
    const request = { url: "/a.png" } as never;
    const ignore = [/\.png$/g];
    expect([1, 2, 3, 4].map(() => isIgnoring(ignore, request))).toEqual(Array(4).fill(true));
  });

  test("a whole address has a path without its password", () => {
    expect(pathOf("http://user:hunter2@host/p?x=1")).toBe("/p");
    expect(pathOf("http://host")).toBe("/");
    expect(pathOf("*")).toBe("*");
  });

  test("less than one trace a second is one now and then", () => {
    let now = 0;
    const sampler = new RootSampler({ ratio: 1, perSecond: 0.5, clients: false, now: () => now });
    let recorded = 0;
    for (; now < 60_000; now += 100) {
      if (sampler.mayBegin(SpanKind.SERVER, undefined)) recorded += 1;
    }
    expect(recorded).toBeGreaterThanOrEqual(29);
    expect(recorded).toBeLessThanOrEqual(31);
  });

  test("open spans with long names fit into a message, and are all told", () => {
    const outbox = new Outbox();
    for (let n = 0; n < 300; n++) {
      outbox.tellOpen({
        ...{ traceId: "1".repeat(32), spanId: String(n).padStart(16, "0") },
        ...{ name: "GET", kind: "server", start: 1, tags: { "url.path": "x".repeat(4000) } },
      });
    }
    let told = 0;
    for (let batch = outbox.next(); batch !== undefined; batch = outbox.next()) {
      expect(JSON.stringify(batch).length).toBeLessThan(300_000);
      told += batch.open.length;
      outbox.taken(batch);
    }
    expect(told).toBe(300);
  });
});
