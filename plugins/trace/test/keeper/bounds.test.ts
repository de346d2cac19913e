import { describe, expect, it } from "vitest";
import type { MoreStats } from "../../src/keeper/contract.ts";
import { at, failed, fromHub, Kept, open, span, WEB, WORKER } from "./support.ts";

const NONE = { sampling: { keep: { share: 0 } } };

/** Spans that came are all somewhere. */
function account(stats: MoreStats): void {
  const { spansKept, spansLetGo, lostHere, duplicates, handedOver, pending } = stats;
  const found = spansKept + spansLetGo + lostHere + duplicates + handedOver + pending.spans;
  expect(found).toBe(stats.spans);
}

describe("too many traces", () => {
  it("have the oldest decided on early, but those that failed last", () => {
    const kept = new Kept({ ...NONE, window: { maxTraces: 3 } });
    const spans = [span(1, 1, 100, failed()), span(2, 2, 100), span(3, 3, 100, failed())];
    kept.tell(WEB, 0, { spans });
    kept.tell(WEB, 1, { spans: [span(4, 4, 100)] });
    expect(kept.traces.stats()).toMatchObject({ early: 1, letGo: 1, kept: 0 });
    kept.tell(WEB, 2, { spans: [span(5, 5, 100, failed()), span(6, 6, 100)] });
    expect(kept.traces.stats()).toMatchObject({ early: 3, letGo: 2, kept: 1 });
    expect(kept.statuses()).toEqual({ "span 1": ["error"] });
    kept.tell(WORKER, 3, { spans: [span(1, 7, 100), span(2, 8, 100, failed())] });
    expect(kept.get(1)?.spans).toBe(2);
    expect(kept.traces.stats()).toMatchObject({ late: 2, lateFailures: 1 });
    account(kept.traces.stats());
  });

  it("are not those of which something is known to be broken", () => {
    const kept = new Kept({ ...NONE, window: { maxTraces: 2 } });
    kept.tell(WEB, 0, { open: [open(1, 1)] });
    kept.tell(WORKER, 0, { open: [open(2, 2)] });
    kept.traces.processGone(WEB, at(1));
    kept.tell(WORKER, 2, { spans: [span(3, 3, 100)] });
    kept.traces.decide(at(3000));
    expect(kept.statuses()).toEqual({ "span 1": ["unfinished"] });
    expect(kept.traces.stats()).toMatchObject({ early: 1, letGo: 1 });
  });

  it("are not kept because they are open still", () => {
    const kept = new Kept({ ...NONE, window: { maxTraces: 1 } });
    kept.tell(WEB, 0, { open: [open(1, 1)] });
    kept.tell(WEB, 0, { spans: [span(2, 2, 100, fromHub("web.0"))] });
    kept.tell(WEB, 0, { spans: [span(3, 3)] });
    expect(kept.traces.stats()).toMatchObject({ early: 2, letGo: 2 });
  });
});

describe("too many bytes", () => {
  it("have the oldest decided on early", () => {
    const kept = new Kept({ ...NONE, window: { maxBytes: 50_000 } });
    const told = { tags: { text: "x".repeat(5000) } };
    for (let number = 1; number <= 100; number++) {
      kept.tell(WEB, number, { spans: [span(number, number, 1000, told)] });
      expect(kept.traces.stats().pending.bytes).toBeLessThanOrEqual(50_000);
    }
    const { early, letGo, pending } = kept.traces.stats();
    expect(early).toBe(letGo);
    expect(early + pending.traces).toBe(100);
    expect(pending.traces).toBeGreaterThan(5);
    account(kept.traces.stats());
  });

  it("do no harm when one trace has them all", () => {
    const kept = new Kept({ window: { maxBytes: 10_000 }, cache: { maxBytes: 10_000 } });
    const told = { tags: { text: "x".repeat(9000) } };
    kept.tell(WEB, 0, { spans: [span(2, 20)] });
    kept.traces.decideAll(at(0));
    kept.tell(WEB, 0, { spans: [span(1, 1, undefined, told), span(1, 2, 1, told)] });
    kept.tell(WEB, 0, { spans: [span(1, 3, 1, told), span(1, 4, 1, told)] });
    expect(kept.spans).toHaveLength(5);
    expect(kept.traces.stats()).toMatchObject({
      ...{ kept: 2, spansKept: 5, pending: { traces: 0, bytes: 0 } },
    });
    expect(kept.get(1), "it does not fit").toBeNull();
    expect(kept.get(2), "and nothing else had to go for it").not.toBeNull();
  });
});

describe("what is open", () => {
  it("takes as much as if it had not been announced, once it is over", () => {
    const [plain, announced] = [new Kept(), new Kept()];
    announced.tell(WEB, 0, { open: [open(1, 1, undefined, { tags: { early: "x".repeat(500) } })] });
    for (const kept of [plain, announced]) kept.tell(WEB, 1, { spans: [span(1, 1)] });
    expect(announced.traces.stats().pending).toEqual(plain.traces.stats().pending);
  });

  it("is kept to make room when its process has died", () => {
    const kept = new Kept({ ...NONE, window: { maxTraces: 1 } });
    kept.tell(WEB, 0, { open: [open(1, 1)] });
    kept.traces.processGone(WEB, at(1));
    kept.tell(WORKER, 2, { spans: [span(2, 2)] });
    expect(kept.statuses()).toEqual({ "span 1": ["unfinished"] });
  });
});

describe("too many spans of one trace", () => {
  it("are not waited for, when they came", () => {
    const kept = new Kept({ window: { maxSpansPerTrace: 2 } });
    const top = span(1, 1, 100, { kind: "server" });
    kept.tell(WEB, 0, { spans: [span(1, 4, 3), span(1, 5, 3), span(1, 3, 1), top] });
    kept.traces.decide(at(2000));
    expect(kept.get(1)).toMatchObject({ name: "span 1", spans: 2, omitted: 2, status: "normal" });
  });

  it("are counted, and those stay that say how it is", () => {
    const kept = new Kept({ ...NONE, window: { maxSpansPerTrace: 5 } });
    const spans = [2, 3, 4, 5, 6, 7].map((number) => span(1, number, 1));
    kept.tell(WEB, 0, { spans });
    kept.tell(WEB, 1, { spans: [span(1, 8, 1, failed()), span(1, 1), span(1, 9, 1)] });
    kept.traces.decide(at(3000));
    const found = kept.get(1);
    expect(found).toMatchObject({ spans: 5, omitted: 4, errors: 1, name: "span 1" });
    expect(found?.tree.map(({ spanId }) => Number(spanId))).toEqual([1, 4, 5, 6, 8]);
    expect(kept.traces.stats()).toMatchObject({ spans: 9, spansKept: 5, lostHere: 4 });
    account(kept.traces.stats());
  });

  it("are counted where all of them say how it is", () => {
    const kept = new Kept({ ...NONE, window: { maxSpansPerTrace: 3 } });
    for (let number = 2; number < 9; number++) {
      kept.tell(WEB, 0, { spans: [span(1, number, 1, failed())] });
    }
    kept.traces.decide(at(40_000));
    expect(kept.get(1)).toMatchObject({ spans: 3, omitted: 4, errors: 7 });
    account(kept.traces.stats());
  });

  it("do not make others seem to be missing", () => {
    const kept = new Kept({ window: { maxSpansPerTrace: 2 } });
    kept.tell(WEB, 0, { spans: [span(1, 1), span(1, 2, 1), span(1, 3, 2)] });
    kept.tell(WORKER, 0, { spans: [span(1, 4, 3, fromHub("web.0"))] });
    kept.traces.decide(at(2000));
    expect(kept.get(1)).toMatchObject({ status: "normal", omitted: 2, open: [] });
  });

  it("that are open are left out, and their ends are counted", () => {
    const kept = new Kept({ window: { maxSpansPerTrace: 2 } });
    kept.tell(WEB, 0, { open: [open(1, 1), open(1, 2, 1), open(1, 3, 1)] });
    kept.tell(WEB, 1, { spans: [span(1, 1), span(1, 2, 1), span(1, 3, 1)] });
    kept.traces.decide(at(3000));
    expect(kept.get(1)).toMatchObject({ spans: 2, omitted: 1, status: "normal" });
    account(kept.traces.stats());
  });
});

describe("what can be looked at", () => {
  it("is the newest, by number and by bytes", () => {
    const tell = (kept: Kept): number[] => {
      for (let number = 1; number <= 9; number++) {
        kept.tell(WEB, 10 * number, { spans: [span(number, number)] });
        kept.traces.decide(at(10 * number + 3000));
      }
      return kept.traces.list({}).items.map(({ traceId }) => Number(traceId));
    };
    expect(tell(new Kept({ cache: { maxTraces: 3 } }))).toEqual([9, 8, 7]);
    const small = new Kept({ cache: { maxBytes: 5000 } });
    const found = tell(small);
    expect(found.length).toBeGreaterThan(1);
    expect(found.length).toBeLessThan(9);
    expect(small.traces.stats().cached.bytes).toBeLessThanOrEqual(5000);
    expect(small.spans, "all were handed on").toHaveLength(9);
  });

  it("does not become too much by what comes late, which is handed on in any case", () => {
    const kept = new Kept({ cache: { maxBytes: 20_000 } });
    kept.tell(WEB, 0, { spans: [span(1, 1), span(2, 2)] });
    kept.traces.decide(at(2000));
    for (let number = 10; number < 60; number++) {
      kept.tell(WEB, 3000, { spans: [span(2, number, 2)] });
      expect(kept.traces.stats().cached.bytes).toBeLessThanOrEqual(20_000);
    }
    expect(kept.spans).toHaveLength(52);
    account(kept.traces.stats());
  });
});

describe("at the end", () => {
  it("all is decided on as it is", () => {
    const kept = new Kept(NONE);
    kept.tell(WEB, 0, { spans: [span(1, 1, undefined, failed()), span(2, 2)], open: [open(3, 3)] });
    kept.traces.decideAll(at(10));
    expect(kept.statuses()).toEqual({ "span 1": ["error"] });
    expect(kept.traces.stats()).toMatchObject({ kept: 1, letGo: 2, early: 0 });
    expect(kept.traces.stats().pending).toEqual({ traces: 0, spans: 0, open: 0, bytes: 0 });
  });
});
