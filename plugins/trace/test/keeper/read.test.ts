import type { TraceSpan } from "@elpis/api";
import { describe, expect, it } from "vitest";
import type { SentSpan } from "../../src/topics.ts";
import { at, EPOCH, failed, Kept, open, span, spanId, traceId, WEB, WORKER } from "./support.ts";

function filled(): Kept {
  const kept = new Kept();
  const tell = (now: number, spans: SentSpan[]): void => kept.tell(WEB, now, { spans });
  tell(0, [span(1, 1, undefined, { name: "GET /a", durationMs: 5, tags: { user: 7, on: true } })]);
  tell(0, [span(2, 2, undefined, { name: "GET /b", durationMs: 50, ...failed() })]);
  tell(0, [span(3, 3, undefined, { name: "POST /a", durationMs: 1500 })]);
  kept.tell(WORKER, 0, {
    spans: [
      span(3, 4, 3, { tags: { user: "8", list: ["x", 9] } }),
      span(3, 5, 3, failed("TimeoutError")),
    ],
  });
  kept.traces.decide(at(2000));
  return kept;
}

describe("questions for traces", () => {
  const kept = filled();
  const ask = (query: object): number[] =>
    kept.traces.list(query).items.map((one) => Number(one.traceId));

  it.each([
    [{}, [3, 2, 1]],
    [{ order: "asc" }, [1, 2, 3]],
    [{ name: "get /" }, [2, 1]],
    [{ statuses: ["slow"] }, [3]],
    [{ statuses: ["timeout", "normal"] }, [3, 1]],
    [{ statuses: [] }, []],
    [{ minMs: 50 }, [3, 2]],
    [{ maxMs: 50 }, [2, 1]],
    [{ since: EPOCH + 2, until: EPOCH + 2 }, [2]],
    [{ tags: { user: "7" } }, [1]],
    [{ tags: { user: "7", on: "true" } }, [1]],
    [{ tags: { user: "8", list: "9" } }, [3]],
    [{ tags: { user: "8", "error.type": "TimeoutError" } }, []],
    [{ tags: { constructor: "x" } }, []],
    [{ process: "worker" }, [3]],
    [{ process: "web.0" }, [3, 2, 1]],
    [{ process: "web.1" }, []],
    [{ after: 1 }, [3, 2]],
    [{ offset: 1, limit: 1 }, [2]],
    [{ offset: 9 }, []],
    [{ name: undefined, limit: 1000 }, [3, 2, 1]],
  ])("%j", (query, numbers) => {
    expect(ask(query)).toEqual(numbers);
  });

  it("are answered with what there is besides", () => {
    const page = kept.traces.list({ statuses: ["error"], limit: 1 });
    expect(page).toMatchObject({ total: 2, offset: 0, limit: 1, lastSeq: 3 });
    expect(page.items).toEqual([
      {
        ...{ traceId: traceId(3), seq: 3, name: "POST /a", status: "timeout" },
        statuses: ["timeout", "error", "slow"],
        ...{ start: EPOCH + 3, durationMs: 1500, spans: 3, errors: 1 },
        processes: ["web.0", "worker.0"],
        open: [],
      },
    ]);
    expect(new Kept().traces.list({})).toEqual({
      ...{ total: 0, offset: 0, limit: 100, firstSeq: 1, lastSeq: 0, items: [] },
    });
  });

  it.each([
    [null],
    ["all"],
    [[]],
    [{ colour: "red" }],
    [{ name: 1 }],
    [{ statuses: "error" }],
    [{ statuses: ["bad"] }],
    [{ minMs: -1 }],
    [{ maxMs: Number.POSITIVE_INFINITY }],
    [{ since: "today" }],
    [{ tags: { user: 7 } }],
    [{ tags: ["user"] }],
    [{ process: {} }],
    [{ after: -1 }],
    [{ after: 1.5 }],
    [{ order: "up" }],
    [{ offset: -1 }],
    [{ limit: 0 }],
    [{ limit: 1001 }],
    [JSON.parse('{ "__proto__": {} }')],
  ])("are refused: %j", (query) => {
    expect(() => kept.traces.list(query)).toThrow(
      expect.objectContaining({ code: "ELPIS_TRACE_BAD_QUERY" }),
    );
  });

  it("for one are refused, or it is not there", () => {
    for (const wrong of [null, {}, { traceId: "1" }, { traceId: traceId(1), more: 1 }]) {
      expect(() => kept.traces.get(wrong)).toThrow(
        expect.objectContaining({ code: "ELPIS_TRACE_BAD_QUERY" }),
      );
    }
    expect(kept.get(99)).toBeNull();
  });
});

describe("pages", () => {
  it("are cut short when they would not fit into a message", () => {
    const kept = new Kept();
    const opened = (trace: number): object[] =>
      Array.from({ length: 60 }, (_, at) =>
        open(trace, 1000 * trace + at, undefined, { name: "日".repeat(600) }),
      );
    for (let trace = 1; trace <= 40; trace++) kept.tell(WEB, 0, { open: opened(trace) as never });
    kept.traces.decide(at(40_000));
    const found: string[] = [];
    for (;;) {
      const page = kept.traces.list({ order: "asc", offset: found.length });
      expect(page.items.length).toBeGreaterThan(0);
      expect(Buffer.byteLength(JSON.stringify(page))).toBeLessThan(1_000_000);
      found.push(...page.items.map((one) => one.traceId));
      if (found.length >= page.total) break;
    }
    expect(found).toHaveLength(40);
    expect(new Set(found).size).toBe(40);
  });
});

/** Numbers of spans in a tree, each with how deep it stands. */
function outline(tree: readonly TraceSpan[]): string {
  const depths = new Map<string, number>();
  return tree
    .map((one) => {
      const depth = one.parentSpanId === undefined ? 0 : (depths.get(one.parentSpanId) ?? -1) + 1;
      depths.set(one.spanId, depth);
      return `${"-".repeat(depth)}${Number.parseInt(one.spanId, 16)}`;
    })
    .join(" ");
}

function treeOf(spans: SentSpan[]): readonly TraceSpan[] {
  const kept = new Kept();
  kept.tell(WEB, 0, { spans });
  kept.traces.decide(at(40_000));
  const tree = kept.get(1)?.tree ?? [];
  expect(new Set(tree.map((one) => one.spanId)).size, "each once").toBe(tree.length);
  return tree;
}

describe("the tree of a trace", () => {
  it("has the parent before its children, and these by their start", () => {
    const spans = [
      span(1, 5, 2),
      span(1, 4, 1),
      span(1, 3, 2),
      span(1, 2, 1),
      span(1, 6, 4),
      span(1, 1),
    ];
    expect(outline(treeOf(spans))).toBe("1 -2 --3 --5 -4 --6");
  });

  it("does not mind a child that begins before its parent", () => {
    const early = { start: EPOCH - 1000 };
    expect(outline(treeOf([span(1, 3, 2, early), span(1, 2, 1), span(1, 1)]))).toBe("1 -2 --3");
  });

  it("has spans whose parents are not there, behind the first one", () => {
    const tree = treeOf([span(1, 3, 99, { start: EPOCH - 5 }), span(1, 1), span(1, 2, 1)]);
    expect(outline(tree)).toBe("1 -2 3");
  });

  it("has those that go round in a circle, and those that are their own parents", () => {
    const spans = [span(1, 1), span(1, 2, 3), span(1, 3, 4), span(1, 4, 2), span(1, 5, 5)];
    expect(treeOf(spans).map((one) => Number(one.spanId))).toEqual([1, 2, 4, 3, 5]);
    expect(treeOf(spans.slice(1)).map((one) => Number(one.spanId))).toEqual([2, 4, 3, 5]);
    expect(treeOf([span(1, 5, 5)])).toHaveLength(1);
  });

  it("may be deep", () => {
    const spans = Array.from({ length: 2000 }, (_, at) =>
      span(1, at + 1, at === 0 ? undefined : at),
    );
    expect(treeOf(spans.toReversed()).map((one) => one.spanId)).toEqual(
      spans.map((one) => one.spanId),
    );
  });

  it("has several first ones where somebody asks more than once", () => {
    const asked = { kind: "server" } as const;
    expect(outline(treeOf([span(1, 7, 50, asked), span(1, 3, 40, asked), span(1, 8, 7)]))).toBe(
      "3 7 -8",
    );
  });
});

describe("a trace that would not fit into a message", () => {
  const many = (told: (number: number) => object): SentSpan[] => [
    span(1, 1, undefined, told(1)),
    ...Array.from({ length: 1999 }, (_, at) => span(1, at + 2, 1, told(at + 2))),
  ];
  const get = (spans: SentSpan[]) => {
    const kept = new Kept();
    for (const one of spans) kept.tell(WEB, 0, { spans: [one] });
    kept.traces.decide(at(40_000));
    const found = kept.get(1);
    if (found === null) throw new Error("it is not kept");
    expect(Buffer.byteLength(JSON.stringify(found))).toBeLessThan(1_048_576);
    return found;
  };

  it("has texts that are cut first", () => {
    const told = () => ({ tags: { text: "日".repeat(900), number: 1 } });
    const { tree, omitted } = get(many(told).slice(0, 700));
    expect(omitted).toBe(0);
    expect(tree).toHaveLength(700);
    const text = String(tree[0]?.tags.text);
    expect(text).toHaveLength(200);
    expect(text.endsWith("…")).toBe(true);
    expect(tree[699]?.tags.number).toBe(1);
  });

  it("then does without tags and events", () => {
    const events = [{ name: "e", time: 1, tags: { text: "x".repeat(100) } }];
    const tags = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`tag.${at}`, at]));
    const { tree, omitted } = get(many(() => ({ tags, events })));
    expect(omitted).toBe(0);
    expect(tree).toHaveLength(2000);
    expect(tree[0]).toMatchObject({ tags: {}, events: [], name: "span 1" });
  });

  it("then without some of its spans, but not those that failed", () => {
    const { tree, omitted } = get(
      many((number) => ({
        name: "日".repeat(1000),
        ...(number > 1990 && { status: "error", statusMessage: "m".repeat(1000) }),
      })),
    );
    expect(tree.length + omitted).toBe(2000);
    expect(omitted).toBeGreaterThan(100);
    expect(tree[0]?.spanId).toBe(spanId(1));
    expect(tree.filter(({ status }) => status === "error")).toHaveLength(10);
  });
});
