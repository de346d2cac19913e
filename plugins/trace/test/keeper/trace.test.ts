import type { SpanRecord } from "@elpis/api";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type HeldSpan, PlainSpan } from "../../src/keeper/held.ts";
import { Process } from "../../src/keeper/members.ts";
import { type Added, Trace } from "../../src/keeper/trace.ts";
import { TraceId } from "../../src/wire/ids.ts";
import { unpack } from "../../src/wire/unpack.ts";
import { packed } from "../packed.ts";
import { failed, fromHub, span, traceId, WEB } from "./support.ts";

const web = new Process(WEB);

/** Of few ids, so that the same ones come again. */
const told = fc.record({
  own: fc.integer({ min: 1, max: 60 }),
  parent: fc.option(fc.integer({ min: 1, max: 80 }), { nil: undefined, freq: 20 }),
  how: fc.constantFrom("open", "over", "over", "over", "over", "failed", "fromHub", "packed"),
});
type Told = ReturnType<typeof told.generate>["value"];

function heldOf({ own, parent, how }: Told): HeldSpan {
  const more = how === "failed" ? failed() : how === "fromHub" ? fromHub("web.0") : {};
  const sent = span(1, own, parent, more);
  if (how === "packed") return unpack(packed([sent]), web, () => {})[0] as HeldSpan;
  return new PlainSpan({ ...sent, source: web.point } as SpanRecord, web, how === "open");
}

/** Ids of parents that are not there, though one of ours should be; by the hub, where it knows of them. */
function missingOf(spans: readonly HeldSpan[]): Map<string, boolean> {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const missing = new Map<string, boolean>();
  for (const { parentSpanId: parent, from, kind } of spans) {
    if (parent === undefined || ids.has(parent)) continue;
    if (kind === "server" && from === undefined) continue;
    missing.set(parent, missing.get(parent) === true || from !== undefined);
  }
  return missing;
}

test("a trace has what came, each once, and what is missing, however many they are", () => {
  fc.assert(
    fc.property(
      fc.array(told, { maxLength: 200, size: "max" }),
      fc.constantFrom(3, 16, 17, 30, 1000),
      (all, maxSpans) => {
        const trace = new Trace(TraceId.of(traceId(1)), 0, maxSpans);
        const empty = trace.bytes;
        const known = new Map<string, HeldSpan>();
        const seen = new Map<Added, number>();
        for (const one of all) {
          const held = heldOf(one);
          const before = known.get(held.spanId);
          const isDuplicate = before !== undefined && (held.isOpen || !before.isOpen);
          const added = trace.add(held, 1);
          seen.set(added, (seen.get(added) ?? 0) + 1);
          if ((added === "duplicate") !== isDuplicate) throw new Error(`it is ${added}`);
          known.clear();
          for (const span of trace.spans) known.set(span.spanId, span);
          if (known.size !== trace.spans.length) throw new Error("one is there twice");
          if (added === "added" || added === "replaced") expect(known.get(held.spanId)).toBe(held);
        }
        const { spans, open, ended, over, openCount } = trace;
        expect(spans.length).toBeLessThanOrEqual(maxSpans);
        expect([open.length, ended.length]).toEqual([openCount, over]);
        expect(over + openCount).toBe(spans.length);
        expect(trace.bytes - empty).toBe(spans.reduce((sum, { bytes }) => sum + bytes, 0));
        for (let own = 1; own <= 80; own++) {
          const { idHigh, idLow, spanId } = heldOf({ own, parent: undefined, how: "over" });
          expect(trace.has(idHigh, idLow)).toBe(known.has(spanId));
        }
        const missing = trace.missing.map(({ parentSpanId, from }) => [
          parentSpanId,
          from !== undefined,
        ]);
        expect(new Map(missing as [string, boolean][])).toEqual(
          trace.omitted > 0 ? new Map() : missingOf(spans),
        );
        trace.partWithOthers();
        expect(trace.spans.map(({ spanId }) => spanId)).toEqual([...known.keys()]);
      },
    ),
  );
});
