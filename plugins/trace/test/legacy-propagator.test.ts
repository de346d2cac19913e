import {
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  type SpanContext,
  trace,
} from "@opentelemetry/api";
import { describe, expect, test } from "vitest";
import { LegacyPropagator } from "../src/process/legacy-propagator.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

function extracted(headers: Record<string, string>, isChosen = true): SpanContext | undefined {
  const propagator = new LegacyPropagator(() => isChosen);
  return trace.getSpanContext(propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter));
}

describe("headers from before there was a standard", () => {
  test("are written and read", () => {
    const parent = { traceId: TRACE, spanId: SPAN, traceFlags: 1 };
    const headers: Record<string, string> = {};
    const context = trace.setSpanContext(ROOT_CONTEXT, parent);
    new LegacyPropagator(() => true).inject(context, headers, defaultTextMapSetter);
    expect(headers).toEqual({ "x-trace-id": TRACE, "x-span-id": SPAN });
    expect(extracted(headers)).toEqual({ ...parent, isRemote: true });
    // They do not say whether a trace is recorded: the ratio does.
    expect(extracted(headers, false)).toMatchObject({ traceId: TRACE, traceFlags: 0 });
  });

  test("may be shorter, or without a span; what is no id is nothing", () => {
    expect(extracted({ "x-trace-id": "ABC123" })).toMatchObject({
      traceId: "abc123".padStart(32, "0"),
    });
    for (const bad of ["", "0", "xyz", "g".repeat(32), "1".repeat(33)]) {
      expect(extracted({ "x-trace-id": bad }), bad).toBeUndefined();
    }
  });
});
