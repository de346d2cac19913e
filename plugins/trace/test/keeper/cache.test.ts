import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { Cache } from "../../src/keeper/cache.ts";
import { Thresholds } from "../../src/keeper/slow.ts";
import { Trace } from "../../src/keeper/trace.ts";
import { TraceId } from "../../src/wire/ids.ts";
import { packed } from "../packed.ts";
import { at, failed, Kept, span, traceId, WEB } from "./support.ts";

const BATCHES = 50;
const BATCH_BYTES = 200_000;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Bytes that nobody holds are given back a little later. */
function bytesHeld(): number {
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

/** Batches of two spans: a small one of its own trace, and a large one of a trace that nobody wants. */
function tellAll(kept: Kept, now: number, told: (batch: number) => ReturnType<typeof span>): void {
  const tags = { text: "x".repeat(BATCH_BYTES) };
  for (let batch = 1; batch <= BATCHES; batch++) {
    const large = span(1000 + batch, 1000 + batch, undefined, { tags });
    kept.tell(WEB, now, { spans: packed([large, told(batch)]) });
  }
}

describe("what can be looked at", () => {
  it("does not hold the batches that it came in, for longer than a round", async () => {
    const kept = new Kept({ sampling: { keep: { share: 0 } }, cache: { maxBytes: 1_000_000 } });
    const before = bytesHeld();
    const held = (): number => bytesHeld() - before;
    tellAll(kept, 0, (batch) => span(batch, batch, undefined, failed()));
    kept.traces.decide(at(2000));
    expect(held(), "nothing was copied yet").toBeGreaterThan(0.8 * BATCHES * BATCH_BYTES);
    const shared = kept.traces.stats().cached.bytes;
    kept.traces.decide(at(2500));
    await expect.poll(held).toBeLessThan(2 * BATCH_BYTES);
    expect(kept.traces.stats().cached.traces).toBe(BATCHES);
    expect(kept.traces.stats().cached.bytes, "the texts are its own").toBeGreaterThan(shared);

    // What comes late is no other.
    tellAll(kept, 2600, (batch) => span(batch, 500 + batch, batch));
    expect(held()).toBeGreaterThan(0.8 * BATCHES * BATCH_BYTES);
    const late = kept.traces.stats().cached.bytes;
    for (const now of [5000, 5500]) kept.traces.decide(at(now));
    await expect.poll(held).toBeLessThan(2 * BATCH_BYTES);
    expect(kept.get(BATCHES)).toMatchObject({ spans: 2, status: "error", name: `span ${BATCHES}` });
    const { bytes } = kept.traces.stats().cached;
    expect(bytes).toBeGreaterThan(late);
    expect(bytes).toBeLessThan(1_000_000);
  });

  it("has the last of a trace that was kept twice", () => {
    const cache = new Cache({ maxTraces: 2, maxBytes: 1_000_000 }, new Thresholds(1000, {}));
    const traces = [1, 1, 2, 3].map((id) => new Trace(TraceId.of(traceId(id)), 0, 10));
    const seqs = (): number[] => [...cache.all()].map(({ seq }) => seq);
    for (const [seq, trace] of traces.slice(0, 3).entries()) cache.add(seq, trace);
    expect(seqs()).toEqual([1, 2]);
    cache.add(3, traces[3] as Trace);
    expect(seqs()).toEqual([2, 3]);
    expect(cache.bytes).toBe(2 * (traces[0] as Trace).bytes);
  });

  it("stays within its bounds when it takes more by that", () => {
    const kept = new Kept({ cache: { maxBytes: 30_000 } });
    for (let number = 1; number <= 200; number++) {
      const told = { name: `n ${number}`, tags: { text: "y".repeat(900) } };
      kept.tell(WEB, number, { spans: packed([span(number, number, undefined, told)]) });
    }
    for (let now = 2000; now < 5000; now += 500) {
      kept.traces.decide(at(now));
      expect(kept.traces.stats().cached.bytes).toBeLessThanOrEqual(30_000);
    }
    const { items } = kept.traces.list({ limit: 1000 });
    expect(items.length).toBeGreaterThan(3);
    expect(items[0]?.name).toBe("n 200");
    expect(kept.traces.stats().cached.traces).toBe(items.length);
  });
});
