import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { SentSpan } from "../src/topics.ts";
import { Room } from "../src/wire/batch.ts";
import { isPacked } from "../src/wire/check.ts";
import { KINDS, type PackedSpans, STATUSES, VERSION } from "../src/wire/layout.ts";
import { Packer } from "../src/wire/pack.ts";
import { unpack } from "../src/wire/unpack.ts";
import { packable, packed } from "./packed.ts";

const SOURCE = { app: "shop", name: "web", index: 0, epoch: 1 };

const id = (digits: number): fc.Arbitrary<string> =>
  fc
    .array(fc.integer({ min: 0, max: 15 }), { minLength: digits, maxLength: digits })
    .map((all) => all.map((one) => one.toString(16)).join(""));
const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 20 }),
  fc.constantFrom("http.route", "GET", "größer", "日本", ""),
  fc.string({ minLength: 1100, maxLength: 1200 }),
);
const number = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, 504, -1),
);
const plain = fc.oneof(text, number, fc.boolean());
const value = fc.oneof(plain, fc.array(text, { maxLength: 3 }), fc.array(number, { maxLength: 3 }));
const tags = fc.dictionary(
  fc.oneof(
    fc.string({ minLength: 1, maxLength: 12 }).filter((name) => name !== "__proto__"),
    fc.constantFrom("error.type", "elpis.hub.from"),
  ),
  value,
  { maxKeys: 8, noNullPrototype: true },
);
const time = fc.double({ min: 0, max: 2e12, noNaN: true });
const span: fc.Arbitrary<SentSpan> = fc
  .record({
    traceId: id(32),
    spanId: id(16),
    parentSpanId: fc.option(id(16), { nil: undefined }),
    name: text,
    kind: fc.constantFrom(...KINDS),
    start: time,
    durationMs: time,
    status: fc.constantFrom(...STATUSES),
    statusMessage: fc.option(text, { nil: undefined }),
    traceState: fc.option(text, { nil: undefined }),
    tags,
    events: fc.array(fc.record({ name: text, time, tags }), { maxLength: 2 }),
    links: fc.array(fc.record({ traceId: id(32), spanId: id(16), tags }), { maxLength: 2 }),
    instrumentation: fc.constantFrom({ name: "test" }, { name: "@x/y", version: "1.2" }),
  })
  .map((all) => Object.fromEntries(Object.entries(all).filter(([, one]) => one !== undefined)))
  // What is no whole number keeps its sign; a zero has none.
  .map((all) => JSON.parse(JSON.stringify(all)) as SentSpan);

const batches = fc.array(fc.array(span, { minLength: 1, maxLength: 4 }), { maxLength: 3 });

function records(from: PackedSpans): unknown[] {
  const bad: number[] = [];
  const found = unpack(from, undefined, (count) => bad.push(count)).map((one) =>
    one.record(SOURCE),
  );
  expect(bad).toEqual([]);
  return found;
}

describe("packed spans", () => {
  test("are what they were, whatever is in them", () => {
    const packer = new Packer();
    fc.assert(
      fc.property(fc.array(span, { maxLength: 12 }), (spans) => {
        // One packer for all: it remembers what was in those before.
        const from = packed(spans, packer);
        expect(isPacked(from)).toBe(true);
        expect(records(from)).toEqual(spans.map((one) => ({ ...one, source: SOURCE })));
      }),
    );
  });

  test("say what decides on their trace before they are made objects of", () => {
    const [one] = unpack(
      packed([
        {
          ...{ traceId: "a".repeat(32), spanId: "b".repeat(16), parentSpanId: "c".repeat(16) },
          ...{ name: "GET /", kind: "server", start: 5, durationMs: 2.5, status: "unset" },
          ...{ events: [], links: [] },
          tags: { "elpis.hub.from": "web.1", "http.response.status_code": 504 },
        },
      ]),
      "web.0",
      () => {},
    );
    expect(one?.trace.text).toBe("a".repeat(32));
    expect(one).toMatchObject({
      ...{ process: "web.0", isOpen: false, hasParent: true, parentHigh: 0xcccc_cccc | 0 },
      ...{ spanId: "b".repeat(16), parentSpanId: "c".repeat(16) },
      ...{ name: "GET /", kind: "server", start: 5, durationMs: 2.5, from: "web.1" },
      ...{ isFailure: true, isTimeout: true },
    });
  });

  test("are the same after they have let go of the others of their batch", () => {
    fc.assert(
      fc.property(batches, (batches) => {
        const found = batches.flatMap((spans) => unpack(packed(spans), undefined, () => {}));
        const spans = batches.flat();
        // Some of them twice.
        for (const left of [found, found.slice(1)]) {
          const room = new Room<undefined>(left.reduce((sum, one) => sum + one.packedBytes, 0));
          for (const one of left) one.moveTo(room);
        }
        const records = found.map((one) => one.record(SOURCE));
        expect(records).toEqual(spans.map((one) => ({ ...one, source: SOURCE })));
      }),
    );
  });

  test("of which many have texts of their own have all of them", () => {
    const base = fc.sample(span, { numRuns: 1, seed: 1 })[0] as SentSpan;
    const spans = Array.from({ length: 3000 }, (_, at) => ({
      ...base,
      ...{ name: `span ${at}`, tags: { "url.path": `/orders/${at}`, [`key ${at}`]: "value" } },
    }));
    const from = packed(spans);
    expect(from.texts.length).toBeLessThanOrEqual(512);
    expect(records(from)).toEqual(spans.map((one) => ({ ...one, source: SOURCE })));
  });

  test("that take too much are left out, and those beside them are not", () => {
    const packer = new Packer();
    const small = fc.sample(span, { numRuns: 1, seed: 2 })[0] as SentSpan;
    const large = { ...small, tags: { text: "x".repeat(5000) } };
    expect(packer.add(packable(small), 100_000)).toBe(true);
    expect(packer.add(packable(large), 4000)).toBe(false);
    expect(packer.add(packable(small), 100_000)).toBe(true);
    expect(records(packer.take())).toHaveLength(2);
  });

  test("have values rewritten, also where their names are beyond those that are listed", () => {
    const packer = new Packer((name) => (name === "db.query.text" ? () => "masked" : undefined));
    const base = fc.sample(span, { numRuns: 1, seed: 3 })[0] as SentSpan;
    const many = Array.from({ length: 600 }, (_, at) => ({ ...base, tags: { [`key ${at}`]: at } }));
    const last = { ...base, tags: { "db.query.text": "SELECT 'secret'" } };
    const from = packed([...many, last, last], packer);
    expect(Buffer.from(from.bytes).includes("secret")).toBe(false);
    expect(JSON.stringify(from.texts)).not.toContain("secret");
    expect(records(from).at(-1)).toMatchObject({ tags: { "db.query.text": "masked" } });
  });

  test("that are broken somewhere are counted, and harm nobody", () => {
    const change = fc.record({ at: fc.nat(), to: fc.integer({ min: 0, max: 255 }) });
    const cut = fc.option(fc.nat(), { nil: undefined });
    fc.assert(
      fc.property(
        fc.array(span, { minLength: 1, maxLength: 4 }),
        fc.array(change, { minLength: 1, maxLength: 5 }),
        cut,
        (spans, changes, length) => {
          const { version, texts, bytes, count } = packed(spans);
          for (const { at, to } of changes) bytes[at % bytes.length] = to;
          const broken = {
            ...{ version, texts, count },
            bytes: length === undefined ? bytes : bytes.subarray(0, length % (bytes.length + 1)),
          };
          if (!isPacked(broken)) return;
          let bad = 0;
          const found = unpack(broken, undefined, (more) => {
            bad += more;
          });
          for (const one of found) one.record(SOURCE);
          expect(found.length + bad).toBe(count);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test.each([
    ["nothing", undefined],
    ["a list", []],
    ["another layout", { version: VERSION + 1, texts: [], bytes: new Uint8Array(0), count: 0 }],
    ["more than fits", { version: VERSION, texts: [], bytes: new Uint8Array(10), count: 1 }],
    ["no count", { version: VERSION, texts: [], bytes: new Uint8Array(10), count: -1 }],
    ["texts that are none", { version: VERSION, texts: [1], bytes: new Uint8Array(0), count: 0 }],
    [
      "a text without end",
      { version: VERSION, texts: ["x".repeat(2000)], bytes: new Uint8Array(0), count: 0 },
    ],
    ["no bytes", { version: VERSION, texts: [], bytes: [], count: 0 }],
  ])("are known from what is none: %s", (_, value) => {
    expect(isPacked(value)).toBe(false);
  });
});
