import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Outbox } from "../src/spans/outbox.ts";
import type { OpenSpan, SentSpan, SpanBatch } from "../src/topics.ts";
import { isPacked } from "../src/wire/check.ts";
import { spanIdText } from "../src/wire/ids.ts";
import { unpack } from "../src/wire/unpack.ts";
import { packable } from "./packed.ts";

let last = 0;
const newId = (): string => String(++last).padStart(16, "0");

function span(tags: SentSpan["tags"] = {}, spanId = newId()): ReturnType<typeof packable> {
  return packable({
    ...{ traceId: "1".repeat(32), spanId, name: "GET /", kind: "server", start: 1 },
    ...{ durationMs: 1, status: "unset", tags, events: [], links: [] },
  });
}

function openSpan(spanId = newId()): OpenSpan {
  return { traceId: "1".repeat(32), spanId, name: "GET /", kind: "server", start: 1, tags: {} };
}

/** Which spans are in a batch. */
function idsIn(batch: Pick<SpanBatch, "spans"> | undefined): string[] {
  if (!isPacked(batch?.spans)) throw new Error("these are no spans");
  return unpack(batch.spans, undefined, () => expect.unreachable()).map(({ spanId }) => spanId);
}

/** What is to be sent, and is taken. */
function nextTaken(outbox: Outbox): ReturnType<Outbox["next"]> {
  const batch = outbox.next();
  if (batch !== undefined) outbox.taken(batch);
  return batch;
}

describe("spans on their way", () => {
  test("leave in order, in batches, and wait until one is taken", () => {
    const outbox = new Outbox();
    const all = Array.from({ length: 700 }, () => span());
    for (const one of all) outbox.add(one);
    const first = outbox.next();
    const ids = all.map(({ idHigh, idLow }) => spanIdText(idHigh, idLow));
    expect(idsIn(first)).toEqual(ids.slice(0, 512));
    // Nobody answered: the same again.
    expect(outbox.next()).toBe(first);
    nextTaken(outbox);
    expect(idsIn(outbox.next())).toEqual(ids.slice(512));
    expect(nextTaken(outbox)?.seq).toBe((first?.seq ?? 0) + 1);
    expect(outbox.next()).toBeUndefined();
    expect(outbox.counts).toEqual({ sent: 700, lost: 0, waiting: 0 });
  });

  test("are lost, and counted, when too many wait or one is too large", () => {
    const outbox = new Outbox();
    for (let at = 0; at < 8192 + 100; at++) outbox.add(span());
    outbox.add(span({ text: "x".repeat(500_000) }));
    expect(outbox.counts.lost).toBe(101);
    expect(outbox.next()?.lost).toBe(101);
    nextTaken(outbox);
    expect(outbox.next()?.lost).toBe(0);
  });

  test("of which none was over are told when they are open, and not any more when they are over", () => {
    const outbox = new Outbox();
    const open = openSpan();
    outbox.tellOpen(open);
    expect(outbox.next()).toMatchObject({ spans: { count: 0 }, open: [open] });
    nextTaken(outbox);
    outbox.tellOpen(open);
    outbox.add(span({}, open.spanId));
    expect(outbox.next()?.open).toEqual([]);
  });

  test("count once, also when their batch was sent twice and is taken twice", () => {
    const outbox = new Outbox();
    outbox.add(span());
    const first = outbox.next() as NonNullable<ReturnType<Outbox["next"]>>;
    outbox.taken(first);
    outbox.add(span());
    const second = outbox.next();
    outbox.taken(first);
    outbox.refused(first);
    expect(outbox.next()).toBe(second);
    expect(outbox.counts).toEqual({ sent: 1, lost: 0, waiting: 1 });
  });

  test("of a batch that is refused for good are lost", () => {
    const outbox = new Outbox();
    outbox.add(span());
    const refused = outbox.next();
    if (refused !== undefined) outbox.refused(refused);
    expect(outbox.counts).toEqual({ sent: 0, lost: 1, waiting: 0 });
    expect(outbox.next()).toMatchObject({ spans: { count: 0 }, lost: 1 });
  });

  test("add up, whatever happens to them", () => {
    const step = fc.constantFrom("add", "large", "open", "next", "taken", "refused");
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const outbox = new Outbox();
        let added = 0;
        let told = 0;
        for (const one of steps) {
          if (one === "add" || one === "large") {
            added += 1;
            outbox.add(span(one === "large" ? { text: "x".repeat(150_000) } : {}));
          } else if (one === "open") outbox.tellOpen(openSpan());
          else if (one === "next") {
            expect(outbox.next()?.spans.bytes.length ?? 0).toBeLessThan(450_000);
          } else {
            const batch = outbox.next();
            if (batch === undefined) continue;
            if (one === "taken") {
              told += batch.lost;
              outbox.taken(batch);
            } else outbox.refused(batch);
          }
        }
        const { sent, lost, waiting } = outbox.counts;
        expect(sent + lost + waiting).toBe(added);
        expect(told).toBeLessThanOrEqual(lost);
      }),
    );
  });
});
