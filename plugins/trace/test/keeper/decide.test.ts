import { describe, expect, it } from "vitest";
import { at, EPOCH, failed, fromHub, Kept, open, sourceOf, span, WEB, WORKER } from "./support.ts";

describe("when a trace is decided on", () => {
  it("a while after the last change, when its first span is over", () => {
    const kept = new Kept();
    kept.tell(WEB, 0, { spans: [span(1, 2, 1)] });
    kept.traces.decide(at(5000));
    expect(kept.get(1), "its first span is not over").toBeNull();
    kept.tell(WEB, 6000, { spans: [span(1, 1)] });
    kept.traces.decide(at(7999));
    expect(kept.get(1)).toBeNull();
    kept.traces.decide(at(8000));
    expect(kept.get(1)).toMatchObject({ status: "normal", spans: 2 });
    expect(kept.spans.map(({ source }) => source)).toEqual(
      Array(2).fill({ app: "shop", name: "web", index: 0, epoch: 1 }),
    );
  });

  it("a parent that somebody else is does not come, and is not waited for", () => {
    const kept = new Kept();
    kept.tell(WEB, 0, { spans: [span(1, 2, 1, { kind: "server" })] });
    kept.traces.decide(at(2000));
    expect(kept.get(1)).toMatchObject({ status: "normal", open: [], name: "span 2" });
    expect(kept.get(1)?.tree).toHaveLength(1);
  });

  it("not while a span of it is known to be open", () => {
    const kept = new Kept();
    kept.tell(WEB, 0, { spans: [span(1, 1)] });
    kept.tell(WORKER, 100, { open: [open(1, 2, 1)] });
    kept.traces.decide(at(20_000));
    expect(kept.get(1)).toBeNull();
    kept.tell(WORKER, 20_000, { spans: [span(1, 2, 1)] });
    kept.traces.decide(at(22_000));
    expect(kept.get(1)).toMatchObject({ status: "normal", spans: 2, open: [] });
    expect(kept.spans).toHaveLength(2);
  });

  it("not while the one is missing that sent a message over the hub", () => {
    const kept = new Kept();
    kept.tell(WORKER, 0, { spans: [span(1, 3, 2, fromHub("web.0"))] });
    kept.tell(WEB, 0, { spans: [span(1, 1)] });
    kept.traces.decide(at(10_000));
    expect(kept.get(1)).toBeNull();
    kept.tell(WEB, 10_000, { spans: [span(1, 2, 1, { kind: "client" })] });
    kept.traces.decide(at(12_000));
    expect(kept.get(1)).toMatchObject({ status: "normal", processes: ["web.0", "worker.0"] });
  });

  it("as it is, when it has been open for long", () => {
    const kept = new Kept();
    kept.tell(WEB, 1000, { open: [open(1, 1, undefined, { start: EPOCH + 500 })] });
    kept.tell(WORKER, 2000, { spans: [span(1, 2, 1)] });
    kept.traces.decide(at(30_999));
    expect(kept.get(1)).toBeNull();
    kept.traces.decide(at(31_000));
    expect(kept.get(1)).toMatchObject({
      status: "unfinished",
      statuses: ["unfinished", "slow"],
      name: "span 1",
      start: EPOCH + 500,
      durationMs: 30_500,
      open: ["span 1"],
    });
    expect(kept.spans, "what is open is not handed on").toHaveLength(1);
    kept.tell(WEB, 40_000, { spans: [span(1, 1, undefined, { durationMs: 600 })] });
    expect(kept.get(1), "what comes late takes the place").toMatchObject({
      status: "normal",
      durationMs: 600,
      open: [],
    });
    expect(kept.spans).toHaveLength(2);
  });

  it("with one that only others speak of, when it does not come", () => {
    const kept = new Kept();
    const child = span(1, 3, 2, fromHub("web.0", { name: "price.of" }));
    kept.tell(WORKER, 0, { spans: [span(1, 4, 2, fromHub("web.0")), child] });
    kept.traces.decide(at(30_000));
    expect(kept.get(1)).toMatchObject({
      status: "unfinished",
      name: "price.of",
      spans: 2,
      open: ["price.of"],
      tree: [
        {
          state: "unseen",
          process: "web.0",
          name: "price.of",
          kind: "client",
          spanId: "0".repeat(15) + 2,
        },
        { state: "over", process: "worker.0", name: "price.of" },
        { state: "over", process: "worker.0", name: "span 4" },
      ],
    });
    expect(kept.get(1)?.tree[0]?.source).toEqual({ app: "shop", name: "web", index: 0 });
    expect(kept.spans).toHaveLength(2);
  });
});

describe("when a process dies", () => {
  it("what it had open will never be over, and is not waited for", () => {
    const kept = new Kept();
    kept.tell(WEB, 0, { open: [open(1, 1, undefined, { start: EPOCH })] });
    kept.tell(WORKER, 100, { spans: [span(1, 2, 1, fromHub("web.0"))] });
    kept.traces.processGone(WEB, at(700));
    kept.traces.decide(at(2699));
    expect(kept.get(1)).toBeNull();
    kept.traces.decide(at(2700));
    expect(kept.get(1)).toMatchObject({
      status: "unfinished",
      durationMs: 700,
      tree: [{ state: "open", durationMs: 700, process: "web.0" }, { state: "over" }],
    });
  });

  it("what it had under way still counts, before and after", () => {
    const kept = new Kept();
    kept.tell(WEB, 0, { open: [open(1, 1), open(2, 2)] });
    kept.traces.processGone(WEB, at(100));
    kept.tell(WEB, 200, { spans: [span(1, 1)] });
    kept.traces.decide(at(2200));
    expect(kept.statuses()).toEqual({ "span 1": ["normal"], "span 2": ["unfinished"] });
    kept.tell(WEB, 2300, { spans: [span(2, 2)] });
    expect(kept.statuses()).toEqual({ "span 1": ["normal"], "span 2": ["normal"] });
    expect(kept.traces.stats()).toMatchObject({ late: 1, spansKept: 2, kept: 2 });
  });

  it("it may have announced something that comes after its death", () => {
    const kept = new Kept();
    kept.traces.processGone(WEB, at(0));
    kept.tell(WEB, 10, { open: [open(1, 1, undefined, { start: EPOCH - 50 })] });
    kept.traces.decide(at(2010));
    expect(kept.get(1)).toMatchObject({ status: "unfinished", durationMs: 50 });
  });

  it("messages that it sent are known by those who got them", () => {
    const kept = new Kept();
    kept.traces.processGone(WEB, at(50));
    kept.tell(WORKER, 300, { spans: [span(1, 3, 2, fromHub("web.0", { start: EPOCH + 20 }))] });
    kept.traces.decide(at(2300));
    expect(kept.get(1)).toMatchObject({ status: "unfinished", open: ["span 3"] });
  });

  it("messages of the one that came in its place are waited for", () => {
    const kept = new Kept();
    kept.traces.processGone(WEB, at(50));
    kept.tell(WORKER, 300, { spans: [span(1, 3, 2, fromHub("web.0", { start: EPOCH + 200 }))] });
    kept.traces.decide(at(10_000));
    expect(kept.get(1)).toBeNull();
  });

  it("what it did within a span that nobody has heard of is a trace that is not finished", () => {
    const kept = new Kept({ sampling: { keep: { share: 0 } } });
    kept.tell(WEB, 0, { spans: [span(1, 2, 1), span(1, 3, 2)] });
    kept.tell(WORKER, 0, { spans: [span(2, 2, 1)] });
    kept.traces.processGone(WEB, at(10));
    kept.traces.decide(at(2010));
    expect(kept.get(1)).toMatchObject({
      status: "unfinished",
      tree: [{ state: "unseen", process: "web.0", kind: "internal" }, {}, {}],
    });
    kept.traces.decide(at(30_000));
    kept.traces.processGone(WORKER, at(40_000));
    expect(kept.get(2), "its process lives: somebody else may have begun it").toBeNull();
  });

  it("what was decided on before stays as it was", () => {
    const kept = new Kept();
    kept.tell(WORKER, 0, { spans: [span(1, 2, 1)] });
    kept.traces.decide(at(30_000));
    kept.traces.processGone(WORKER, at(40_000));
    expect(kept.get(1)).toMatchObject({ status: "normal", open: [], tree: [{ state: "over" }] });
  });

  it("it may only have lost its connection", () => {
    const kept = new Kept();
    kept.tell(WEB, 0, { open: [open(1, 1)] });
    kept.traces.processGone(WEB, at(100));
    kept.traces.processHere(WEB);
    kept.traces.decide(at(10_000));
    expect(kept.get(1)).toBeNull();
    kept.tell(WEB, 10_000, { spans: [span(1, 1)] });
    kept.traces.decide(at(12_000));
    expect(kept.get(1)).toMatchObject({ status: "normal" });
  });

  it("its replacement is another one", () => {
    const kept = new Kept();
    const next = sourceOf("web", 0, 2);
    kept.traces.processGone(WEB, at(0));
    kept.tell(next, 10, { open: [open(1, 1)] });
    kept.traces.decide(at(10_000));
    expect(kept.get(1)).toBeNull();
  });
});

describe("what is kept", () => {
  const NONE = { sampling: { keep: { share: 0 } } };

  it("is what failed, what is slow, and a share of the rest", () => {
    const kept = new Kept(NONE);
    kept.tell(WEB, 0, {
      spans: [
        span(1, 11),
        span(2, 21, undefined, failed()),
        span(3, 31, undefined, { durationMs: 1001 }),
        span(4, 41, undefined, failed("ELPIS_HUB_DEADLINE")),
        span(5, 51, undefined, { durationMs: 1000 }),
      ],
    });
    kept.traces.decide(at(2000));
    expect(kept.statuses()).toEqual({
      "span 21": ["error"],
      "span 31": ["slow"],
      "span 41": ["timeout", "error"],
    });
    expect(kept.traces.stats()).toMatchObject({ kept: 3, letGo: 2, spansLetGo: 2, spansKept: 3 });
  });

  it("is less when less is asked for", () => {
    const spans = [
      span(1, 11, undefined, failed()),
      span(2, 21, undefined, { durationMs: 5000 }),
      span(3, 31),
    ];
    const namesWith = (keep: object): string[] => {
      const kept = new Kept({ sampling: { keep: { share: 0, ...keep } } });
      kept.tell(WEB, 0, { spans });
      kept.traces.decide(at(2000));
      return Object.keys(kept.statuses());
    };
    expect(namesWith({ errors: false })).toEqual(["span 21"]);
    expect(namesWith({ slow: false })).toEqual(["span 11"]);
    expect(namesWith({ slow: false, errors: false })).toEqual([]);
    expect(namesWith({ share: 1, slow: false, errors: false })).toHaveLength(3);
  });

  it("is whole, with what comes late", () => {
    const kept = new Kept(NONE);
    kept.tell(WEB, 0, { spans: [span(1, 1, undefined, failed()), span(2, 5)] });
    kept.traces.decide(at(2000));
    kept.tell(WORKER, 3000, {
      spans: [span(1, 2, 1), span(2, 6, 5), span(2, 7, 5, failed())],
    });
    kept.tell(WORKER, 3100, { spans: [span(1, 2, 1)] });
    expect(kept.get(1)).toMatchObject({ spans: 2, processes: ["web.0", "worker.0"] });
    expect(kept.spans.map(({ spanId }) => Number(spanId))).toEqual([1, 2]);
    expect(kept.get(2)).toBeNull();
    expect(kept.traces.stats()).toMatchObject({
      ...{ spans: 6, kept: 1, letGo: 1, late: 3, lateFailures: 1 },
      ...{ spansKept: 2, spansLetGo: 3, duplicates: 1 },
    });
  });

  it("is not what is open, when it comes after a trace was let go", () => {
    const kept = new Kept(NONE);
    kept.tell(WEB, 0, { spans: [span(1, 1)] });
    kept.traces.decide(at(2000));
    kept.tell(WORKER, 3000, { open: [open(1, 2, 1)] });
    expect(kept.traces.stats().pending.traces).toBe(0);
  });

  it("is slow by its name", () => {
    const kept = new Kept({ ...NONE, slow: "2s", slowBy: { "GET /reports/*": "10s" } });
    const took = (name: string, durationMs: number): object => ({ name, durationMs });
    kept.tell(WEB, 0, {
      spans: [
        span(1, 11, undefined, took("GET /reports/1", 9000)),
        span(2, 21, undefined, took("GET /reports/2", 11_000)),
        span(3, 31, undefined, took("GET /", 2001)),
        // What goes on after its first span is over does not count.
        span(4, 41, undefined, took("GET /short", 10)),
        span(4, 42, 41, took("later", 60_000)),
      ],
    });
    kept.traces.decide(at(2000));
    expect(Object.keys(kept.statuses())).toEqual(["GET /reports/2", "GET /"]);
  });
});

describe("what is told twice", () => {
  it("counts once, by its batch and by its id", () => {
    const kept = new Kept();
    const batch = { seq: 7, spans: [span(1, 1), span(1, 2, 1)], lost: 3 };
    kept.tell(WEB, 0, batch);
    kept.tell(WEB, 10, batch);
    kept.tell(WEB, 20, { seq: 8, spans: [span(1, 2, 1), span(1, 3, 1)] });
    kept.tell(WEB, 20, { seq: 6, spans: [span(1, 4, 1)] });
    kept.tell(WORKER, 30, { seq: 7, spans: [span(1, 5, 1)] });
    kept.traces.decide(at(3000));
    expect(kept.spans.map(({ spanId }) => Number(spanId))).toEqual([1, 2, 3, 4, 5]);
    expect(kept.traces.stats()).toMatchObject({ spans: 8, duplicates: 3, lostAtSender: 3 });
  });
});

describe("what is no batch", () => {
  const REFUSED: ReadonlyArray<readonly [string, unknown]> = [
    ["nothing", null],
    ["a list", []],
    ["no lists", { seq: 1, lost: 0 }],
    ["no number", { seq: "1", spans: [], open: [], lost: 0 }],
    ["less than nothing lost", { seq: 1, spans: [], open: [], lost: -1 }],
  ];

  it.each(REFUSED)("is refused: %s", (_, value) => {
    const kept = new Kept();
    expect(() => kept.traces.take(WEB, value, at(0))).toThrow(
      expect.objectContaining({ code: "ELPIS_TRACE_BAD_BATCH" }),
    );
    expect(kept.traces.stats().spans).toBe(0);
  });

  it("does no harm in a good one: what is wrong is left out", () => {
    const good = span(1, 1);
    const wrong: unknown[] = [
      null,
      "span",
      {},
      { ...good, traceId: "1" },
      { ...good, traceId: good.traceId.replace("1", "G") },
      { ...good, spanId: 7 },
      { ...good, parentSpanId: "" },
      { ...good, name: undefined },
      { ...good, kind: "friend" },
      { ...good, status: "fine" },
      { ...good, start: Number.NaN },
      { ...good, durationMs: -1 },
      { ...good, tags: { a: {} } },
      { ...good, tags: { a: [[1]] } },
      { ...good, events: {} },
      { ...good, events: [{ name: "a", time: "now", tags: {} }] },
      { ...good, links: [{ traceId: good.traceId }] },
      { ...good, statusMessage: 1 },
      { ...good, traceState: [] },
      { ...good, instrumentation: { name: 1 } },
    ];
    const kept = new Kept();
    kept.tell(WEB, 0, { spans: [...wrong, good] as never, open: [{}, open(1, 2, 1)] as never });
    expect(kept.traces.stats()).toMatchObject({ spans: 1, malformed: wrong.length + 1 });
    expect(kept.traces.stats().pending).toMatchObject({ traces: 1, spans: 1 });
  });

  it("whose a span is, is not for itself to say", () => {
    const kept = new Kept();
    const lying = { ...span(1, 1), source: { app: "bank" }, more: 1, traceState: "a=b" };
    kept.tell(WEB, 0, { spans: [lying] });
    kept.traces.decide(at(2000));
    const source = { app: "shop", name: "web", index: 0, epoch: 1 };
    const { more: _, ...whole } = lying;
    expect(kept.spans).toEqual([{ ...whole, source }]);
  });
});
