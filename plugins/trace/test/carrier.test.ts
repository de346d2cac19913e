import { createTraceState, type SpanContext, trace } from "@opentelemetry/api";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeCarried, encodeCarried } from "../src/process/carrier.ts";
import { type Origin, originOf } from "../src/spans/origin.ts";

const CONTEXT = {
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  traceFlags: 1,
};
const origin = (context: SpanContext): Origin =>
  originOf(trace.wrapSpanContext(context)) ?? expect.unreachable();
const PARENT = origin(CONTEXT);

/** What came, as OpenTelemetry has it. */
function decoded(bytes: Uint8Array): unknown {
  const came = decodeCarried(bytes);
  return came && { parent: came.parent.spanContext(), baggage: came.baggage };
}

describe("what travels with a message", () => {
  test("is 28 bytes as the protocol describes them", () => {
    const bytes = encodeCarried({ parent: PARENT, baggage: "" });
    expect(Buffer.from(bytes).toString("hex")).toBe(
      "00010af7651916cd43dd8448eb211c80319cb7ad6b71692033310000",
    );
    expect(decoded(bytes)).toEqual({
      parent: { ...CONTEXT, isRemote: true },
      baggage: "",
    });
  });

  test("takes state and baggage along, up to its bound", () => {
    const state = createTraceState("vendor=1");
    const carried = decodeCarried(
      encodeCarried({ parent: origin({ ...CONTEXT, traceState: state }), baggage: "user=42" }),
    );
    expect(carried?.parent.state?.get("vendor")).toBe("1");
    expect(carried?.baggage).toBe("user=42");
    const long = encodeCarried({ parent: PARENT, baggage: "x".repeat(5000) });
    expect(long.length).toBeLessThanOrEqual(1024);
    expect(decodeCarried(long)?.baggage).toBe("");
  });

  test("comes back whatever it is", () => {
    const hex = (digits: number): fc.Arbitrary<string> =>
      fc
        .array(fc.integer({ min: 0, max: 15 }), { minLength: digits, maxLength: digits })
        .map((all) => all.map((one) => one.toString(16)).join(""))
        .filter((text) => /[1-9a-f]/.test(text));
    fc.assert(
      fc.property(
        hex(32),
        hex(16),
        fc.integer({ min: 0, max: 255 }),
        fc.string({ maxLength: 300 }),
        (traceId, spanId, traceFlags, baggage) => {
          const parent = origin({ traceId, spanId, traceFlags });
          const bytes = encodeCarried({ parent, baggage });
          expect(bytes.length % 4).toBe(0);
          expect(decoded(bytes)).toEqual({
            parent: { traceId, spanId, traceFlags, isRemote: true },
            baggage: Buffer.from(baggage).toString(),
          });
        },
      ),
    );
  });

  test("is nothing when it is not understood", () => {
    const good = encodeCarried({ parent: PARENT, baggage: "a=b" });
    expect(decodeCarried(good.subarray(0, 27))).toBeUndefined();
    expect(decodeCarried(Buffer.alloc(28))).toBeUndefined();
    expect(decodeCarried(Uint8Array.from(good, (byte, at) => (at === 0 ? 9 : byte)))).toBe(
      undefined,
    );
    const lying = Uint8Array.from(good);
    lying[28] = 255;
    expect(decodeCarried(lying)).toBeUndefined();
    fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => void decodeCarried(bytes)));
  });
});
