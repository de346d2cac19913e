import type { Attributes, Span, SpanStatus } from "@opentelemetry/api";
import { context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider, type ReadableSpan } from "@opentelemetry/sdk-trace-base";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TraceContext } from "../src/spans/trace-context.ts";
import { recording } from "./recording.ts";

const sdk = new BasicTracerProvider().getTracer("test", "1.2.3");

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
});
afterAll(() => context.disable());

const key = fc.constantFrom("a", "b", "http.route", "error.type");
const value: fc.Arbitrary<Attributes[string]> = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.boolean(),
  fc.array(fc.string(), { maxLength: 3 }),
  fc.constantFrom(undefined, "x".repeat(5000)),
);
const status: fc.Arbitrary<SpanStatus> = fc.record({
  code: fc.constantFrom(SpanStatusCode.UNSET, SpanStatusCode.OK, SpanStatusCode.ERROR),
  message: fc.constantFrom("", "no gin"),
});

/** What can be done to a span. */
type Step = (span: Span) => void;
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(key, value).map(
    ([name, one]): Step =>
      (span) =>
        span.setAttribute(name, one as string),
  ),
  fc.dictionary(key, value).map(
    (all): Step =>
      (span) =>
        span.setAttributes(all),
  ),
  status.map(
    (one): Step =>
      (span) =>
        span.setStatus(one),
  ),
  fc.string().map(
    (name): Step =>
      (span) =>
        span.updateName(name),
  ),
  fc.tuple(fc.string(), fc.dictionary(key, fc.string())).map(
    ([name, attributes]): Step =>
      (span) =>
        span.addEvent(name, attributes),
  ),
  fc.constant<Step>((span) => span.recordException(new TypeError("no gin"))),
  fc.constant<Step>((span) => span.recordException("no gin")),
  fc.constant<Step>((span) =>
    span.addLink({ context: { traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags: 1 } }),
  ),
  fc.constant<Step>((span) => span.end()),
);

const STATUS = ["unset", "ok", "error"];

/** What the SDK has of a span, with our limits, as we tell it. */
function asTold({ name, kind, attributes, status, events, links }: ReadableSpan): object {
  const KINDS = ["internal", "server", "client", "producer", "consumer"];
  const cut = (all: Attributes): Attributes =>
    Object.fromEntries(
      Object.entries(all).map(([name, one]) => [
        name,
        typeof one === "string" ? one.slice(0, 4096) : one,
      ]),
    );
  return {
    ...{ name, kind: KINDS[kind], tags: cut(attributes), status: STATUS[status.code] },
    ...(status.message &&
      status.code === SpanStatusCode.ERROR && { statusMessage: status.message }),
    events: events.map((one) => ({ name: one.name, tags: cut(one.attributes ?? {}) })),
    links: links.map(({ context: { traceId, spanId } }) => ({ traceId, spanId, tags: {} })),
  };
}

describe("a span", () => {
  test("is what that of the SDK is, whatever is done to it", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const { tracer, told } = recording();
        const options = { kind: SpanKind.SERVER, attributes: { first: "one", list: [1, 2] } };
        const [ours, theirs] = [tracer, sdk].map((one) =>
          one.startSpan("one", options, ROOT_CONTEXT),
        ) as [Span, Span];
        for (const one of [ours, theirs]) {
          for (const each of steps) each(one);
          one.end();
        }
        expect(ours.isRecording()).toBe(false);
        const { events = [], ...rest } = told()[0] ?? {};
        expect({
          ...rest,
          events: events.map(({ name, tags }) => ({
            name,
            tags: { ...tags, ...(tags["exception.stacktrace"] && { "exception.stacktrace": "" }) },
          })),
        }).toMatchObject(
          JSON.parse(
            JSON.stringify(asTold(theirs as unknown as ReadableSpan), (name, one) =>
              name === "exception.stacktrace" ? "" : one,
            ),
          ),
        );
        expect(told()).toHaveLength(1);
      }),
    );
  });

  test("has its parent's trace, also where that is not one of ours, and is over once", async () => {
    const { tracer, told } = recording();
    const remote = { traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags: 1 };
    const outer = trace.setSpanContext(ROOT_CONTEXT, remote);
    await tracer.startActiveSpan("outside", {}, outer, async (span) => {
      await null;
      tracer.startSpan("inside").end();
      span.end();
      span.end();
      span.setAttribute("late", 1);
    });
    const [inside, outside] = told();
    expect(outside).toMatchObject({
      traceId: remote.traceId,
      parentSpanId: remote.spanId,
      tags: {},
    });
    expect(inside).toMatchObject({ traceId: remote.traceId, parentSpanId: outside?.spanId });
    expect(told()).toHaveLength(2);
  });

  test("takes times as the API has them, and none that are no time", () => {
    const { tracer, told } = recording();
    const at = Date.now() - 10_000;
    for (const [startTime, endTime] of [
      [at, at + 500],
      [new Date(at), new Date(at + 500)],
      [
        [Math.floor(at / 1000), (at % 1000) * 1e6],
        [Math.floor(at / 1000), (at % 1000) * 1e6 + 500e6],
      ],
      [performance.now() - 10_000, performance.now() - 9500],
    ] as const) {
      tracer.startSpan("one", { startTime } as never).end(endTime as never);
    }
    tracer.startSpan("one", { startTime: Number.NaN }).end(new Date(Number.NaN));
    const all = told();
    for (const { start, durationMs } of all.slice(0, 4)) {
      expect(Math.abs(start - at)).toBeLessThan(50);
      expect(Math.abs(durationMs - 500)).toBeLessThan(50);
    }
    expect(all[4]?.durationMs).toBeLessThan(1000);
  });
});

describe("a context with a span", () => {
  test("has whatever is set, and nothing that is deleted, like those of the SDK", () => {
    const other = Symbol("other");
    const span = trace.wrapSpanContext({
      ...{ traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags: 1 },
    });
    const own = new TraceContext(span);
    expect(trace.getSpan(own)).toBe(span);
    const more = own.setValue(other, 1);
    expect(more.getValue(other)).toBe(1);
    expect(trace.getSpan(more)).toBe(span);
    expect(own.getValue(other)).toBeUndefined();
    expect(trace.getSpan(trace.deleteSpan(more))).toBeUndefined();
    expect(trace.deleteSpan(more).getValue(other)).toBe(1);
    expect(more.deleteValue(other).getValue(other)).toBeUndefined();
    const next = trace.wrapSpanContext({ ...span.spanContext(), spanId: "3".repeat(16) });
    expect(trace.getSpan(trace.setSpan(more, next))).toBe(next);
  });
});
