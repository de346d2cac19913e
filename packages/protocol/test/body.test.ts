import { hasCode } from "@elpis/api";
import {
  BodyCodec,
  bodyEnd,
  bodyStart,
  extensionOf,
  Flag,
  flagsOf,
  frameAround,
  HEADER_BYTES,
  isSound,
  Kind,
  sizeOf,
} from "@elpis/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

const codec = new BodyCodec();

function frameOf(value: unknown): Buffer {
  return codec.frame(value, Kind.event, 1, 2, 3, 4);
}

function bodyOf(frame: Buffer): unknown {
  return codec.unpack(frame, bodyStart(frame, 0), bodyEnd(frame, 0));
}

/** As the other side would see it: from bytes that share nothing with ours. */
function sent(value: unknown): unknown {
  return bodyOf(Buffer.from(frameOf(value)));
}

const LONG = "x".repeat(70_000);
const keys = (count: number): Record<string, number> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`key ${index}`, index]));
const SURVIVE: ReadonlyArray<readonly [string, unknown]> = [
  ["undefined", undefined],
  ["null", null],
  ["true", true],
  ["false", false],
  ["0", 0],
  ["small integers", [1, 127, 128, 255, 256, 65_535, 65_536, -1, -32, -33, -128, -129, -32_769]],
  ["large integers", [2 ** 31, 2 ** 32, -(2 ** 31) - 1, Number.MAX_SAFE_INTEGER, -(2 ** 53) + 1]],
  ["fractions", [0.1, -1.5, Math.PI, Number.MIN_VALUE, Number.MAX_VALUE]],
  ["NaN", Number.NaN],
  ["negative zero", [-0, { zero: -0 }, new Set(["x", -0.5])]],
  ["infinities", [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]],
  ["bigints of 64 bits", [0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 64n - 1n]],
  [
    "bigints of more than 64 bits",
    [2n ** 64n, -(2n ** 63n) - 1n, 2n ** 127n - 1n, 2n ** 127n, -(2n ** 127n), 10n ** 1000n],
  ],
  ["an empty text", ""],
  ["texts of every length class", ["x".repeat(31), "x".repeat(32), "x".repeat(256), LONG]],
  ["unicode", ["ä€😀", "\u0000", "é", "e\u0301", "日本語".repeat(100), "😀".repeat(5000)]],
  ["texts that begin with a byte order mark", ["x", "x".repeat(64), LONG].map((x) => `\ufeff${x}`)],
  ["keys in unicode", { "schlüssel 😀": 1, "": 2, "a.b": 3 }],
  ["dates", [new Date(0), new Date(1_700_000_000_123), new Date(-1), new Date("2106-02-08")]],
  ["dates at the ends of time", [new Date(8.64e15), new Date(-8.64e15), new Date(2 ** 34 * 1000)]],
  ["an empty list", []],
  ["a list with gaps that are undefined", [1, undefined, null]],
  ["an empty map", {}],
  ["a map with undefined", { a: undefined, b: null }],
  ["nested values", { a: [{ b: [[[{ c: { d: [1, { e: "f" }] } }]]] }] }],
  ["a list of 100 000", Array.from({ length: 100_000 }, (_, index) => index)],
  [
    "a map of 10 000",
    Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`key${index}`, index])),
  ],
  [
    "maps",
    [
      new Map(),
      new Map<unknown, unknown>([
        ["a", { b: new Map([[1, 2]]) }],
        [[1], null],
      ]),
    ],
  ],
  ["a map with a key that objects must not have", new Map([["__proto__", 1]])],
  ["sets", { a: new Set(), b: new Set([1, new Set(["x"])]), c: new Set(["y".repeat(70_000)]) }],
  ["the names of fields in any number", Object.fromEntries([15, 16, 17].map((n) => [n, keys(n)]))],
  ["names that objects have", { constructor: 1, toString: "x", hasOwnProperty: [], length: 0 }],
];

describe("values that survive", () => {
  test.each(SURVIVE)("%s", (_, value) => {
    expect(sent(value)).toStrictEqual(value);
  });

  test("any plain value", () => {
    const leaf = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.double(),
      fc.integer(),
      fc.boolean(),
      fc.constantFrom(null, undefined),
      fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }),
      fc.date({ noInvalidDate: true }),
    );
    const key = fc.string().filter((name) => name !== "__proto__");
    // Comparing maps and sets takes long.
    const few = { maxLength: 3 };
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        leaf,
        fc.array(tie("tree")),
        fc.dictionary(key, tie("tree")),
        fc.array(tie("tree"), few).map((list) => new Set(list)),
        fc.array(fc.tuple(tie("tree"), tie("tree")), few).map((pairs) => new Map(pairs)),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        const found = sent(value);
        expect(found).toEqual(value);
        expect(frameOf(found)).toEqual(frameOf(value));
      }),
      { numRuns: 300 },
    );
  }, 30_000);

  test.each([0, 1, 255, 256, 1023, 1024, 1025, 65_535, 65_536, 1_000_000])(
    "%i bytes, by themselves and inside a value",
    (length) => {
      const bytes = Uint8Array.from({ length }, (_, index) => index * 7);
      for (const found of [sent(bytes), (sent({ deep: [bytes] }) as { deep: unknown[] }).deep[0]]) {
        if (!(found instanceof Uint8Array)) throw new Error("these are no bytes");
        expect(Buffer.compare(found, bytes)).toBe(0);
      }
    },
  );

  test("bytes that are part of a larger buffer", () => {
    for (const length of [10, 5000]) {
      const whole = Uint8Array.from({ length: length + 20 }, (_, index) => index);
      const part = whole.subarray(10, 10 + length);
      expect(Buffer.compare(sent(part) as Uint8Array, part)).toBe(0);
    }
  });
});

describe("values that do not survive", () => {
  const circle: { self?: unknown } = {};
  circle.self = circle;
  const endless = new Map<unknown, unknown>();
  endless.set("in", new Set([endless]));

  test.each([
    ["a symbol", Symbol("s")],
    ["a symbol inside", { a: [Symbol("s")] }],
    ["a circle", circle],
    ["a function", () => 1],
    ["a method", { run() {} }],
    ["a regular expression", /x/],
    ["a promise", Promise.resolve(1)],
    ["a date without a time", new Date(Number.NaN)],
    ["an integer of more than 1024 bytes", 2n ** 8191n],
    ["a key that would change a prototype", JSON.parse('{"__proto__":{"polluted":1}}')],
    ["a map in itself", endless],
    ["a class", class {}],
    [
      "what throws when it is read",
      {
        get boom(): never {
          throw new Error("boom");
        },
      },
    ],
  ])("%s is refused, and the next value is packed as ever", (_, value) => {
    for (let run = 0; run < 3; run++) {
      let error: unknown;
      try {
        frameOf({ before: LONG, value });
      } catch (cause) {
        error = cause;
      }
      if (!hasCode(error, "ELPIS_PROTOCOL_NOT_PACKABLE")) throw new Error("not refused");
      expect(error.message).toContain("send plain data");
      expect(error.cause).toBeInstanceOf(Error);
      expect(sent({ after: run })).toEqual({ after: run });
    }
  });

  test("leave nothing behind: the next frame lies where theirs began", () => {
    // The first one gets a slab of its own, so that the others have room in the next.
    frameOf(LONG);
    const before = frameOf(1);
    expect(() => frameOf(["some text", circle])).toThrow();
    const after = frameOf(2);
    expect(after.buffer).toBe(before.buffer);
    expect(after.byteOffset - before.byteOffset).toBe(40);
  });

  test("bodies are refused that a receiver would refuse", () => {
    const nested = (levels: number): unknown => (levels === 1 ? [] : [nested(levels - 1)]);
    const refused = expect.objectContaining({ code: "ELPIS_PROTOCOL_NOT_PACKABLE" });
    const zeros = (count: number): number[] => new Array<number>(count).fill(0);
    const big = Object.fromEntries(zeros(20_001).map((_, index) => [`k${index}`, 0]));
    const doubled = Array.from({ length: 60 }).reduce<unknown>(
      (inner) => ({ a: inner, b: inner }),
      1,
    );
    expect(sent(nested(64))).toEqual(nested(64));
    expect(() => frameOf(nested(65))).toThrow(refused);
    expect(() => frameOf(zeros(100_001))).toThrow(refused);
    expect(() => frameOf([zeros(60_000), zeros(60_000)])).toThrow(refused);
    expect(() => frameOf(big)).toThrow(refused);
    expect(() => frameOf(new Map(Object.entries(big)))).toThrow(refused);
    expect(() => frameOf(doubled)).toThrow(refused);
    expect(() => frameOf(zeros(6000).fill(new Error("x") as never))).toThrow(refused);
    expect(() => frameOf(zeros(1000).fill("x".repeat(1_000_000) as never))).toThrow(refused);
  }, 30_000);
});

describe("frames", () => {
  test("carry what the header was told, and their own size", () => {
    for (const value of [undefined, "text", new Uint8Array(2000)]) {
      const frame = codec.frame(value, Kind.request, 5, 6, 7, 8);
      expect(sizeOf(frame, 0)).toBe(frame.length);
      expect(frame.subarray(4, HEADER_BYTES)).toEqual(
        Buffer.from("2100000005000000060000000000000007000000080000000000".padEnd(56, "0"), "hex"),
      );
    }
  });

  test("are not changed by what is packed after them", () => {
    const frames = Array.from({ length: 2000 }, (_, index) =>
      frameOf({ index, text: `t${index}` }),
    );
    for (const [index, frame] of frames.entries()) {
      expect(bodyOf(frame)).toEqual({ index, text: `t${index}` });
    }
  });

  test("that are small do not keep the memory of a large one", () => {
    for (const before of [LONG, { inside: new Set([LONG]) }, { a: "x".repeat(5_000_000) }]) {
      frameOf(before);
      expect(frameOf("small").buffer.byteLength).toBeLessThanOrEqual(64 * 1024);
    }
  });

  test.each([100, 1023, 1024, 100_000])("do not change with the caller's %i bytes", (length) => {
    const bytes = new Uint8Array(length).fill(1);
    const alone = frameOf(bytes);
    const inside = frameOf({ bytes });
    bytes.fill(2);
    expect((bodyOf(alone) as Uint8Array).every((byte) => byte === 1)).toBe(true);
    expect((bodyOf(inside) as { bytes: Uint8Array }).bytes.every((byte) => byte === 1)).toBe(true);
  });

  test("of one codec do not remember another frame's strings or shapes", () => {
    const frame = Buffer.from(
      frameOf([
        { a: 1, b: 2 },
        { a: 3, b: 4 },
      ]),
    );
    expect(new BodyCodec().unpack(frame, bodyStart(frame, 0), bodyEnd(frame, 0))).toEqual([
      { a: 1, b: 2 },
      { a: 3, b: 4 },
    ]);
  });
});

describe("unpack", () => {
  test("reads only its own part of a chunk", () => {
    const frames = ["one", { two: 2 }, undefined, [3]].map((value) => Buffer.from(frameOf(value)));
    const chunk = Buffer.concat(frames);
    const found: unknown[] = [];
    for (let at = 0; at < chunk.length; at += sizeOf(chunk, at)) {
      found.push(codec.unpack(chunk, bodyStart(chunk, at), bodyEnd(chunk, at)));
    }
    expect(found).toEqual(["one", { two: 2 }, undefined, [3]]);
  });

  test("an empty body is undefined", () => {
    expect(codec.unpack(Buffer.from([1, 2, 3]), 1, 1)).toBeUndefined();
  });

  test("a body that is cut, or goes on behind its value, throws", () => {
    const frame = Buffer.from(frameOf({ text: "some text", list: [1, 2, 3] }));
    for (let end = HEADER_BYTES + 1; end < frame.length; end++) {
      expect(() => codec.unpack(frame, HEADER_BYTES, end)).toThrow();
    }
    const longer = Buffer.concat([frame, Buffer.from([0])]);
    expect(() => codec.unpack(longer, HEADER_BYTES, longer.length)).toThrow();
  });

  test("keeps to the limits when it is told not to check first, but for small bodies", () => {
    const deep = Buffer.concat([Buffer.alloc(64, 0x91), Buffer.from([0x90])]);
    const body = Buffer.concat([deep, Buffer.alloc(5000 - deep.length)]);
    expect(() => codec.unpack(body, 0, body.length, false)).toThrow(
      expect.objectContaining({ details: { reason: "depth", at: expect.any(Number) } }),
    );
  });

  test("does not confuse keys that look alike", () => {
    const names = ["a", "b", "ab", "ba", "aab", "bab", "äb", "ab\u0000", "a\u00e4", "aä"];
    const long = names.map((name) => name.repeat(8));
    const random = [...names, ...long].map((name) => ({ [name]: name }));
    for (let run = 0; run < 3; run++) expect(sent(random)).toEqual(random);
  });

  test("a list that says it has 4 billion elements takes no memory", () => {
    // Nested, because each level by itself might look harmless.
    const liar = Buffer.concat(Array.from({ length: 500 }, () => Buffer.from("dd01ffffff", "hex")));
    const before = process.memoryUsage().rss;
    for (let run = 0; run < 20; run++) {
      expect(() => codec.unpack(liar, 0, liar.length)).toThrow();
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
  });

  test("lists in lists in lists end with an error, not with the process", () => {
    const deep = Buffer.alloc(1_000_000, 0x91);
    expect(() => codec.unpack(deep, 0, deep.length)).toThrow();
    expect(sent("still fine")).toBe("still fine");
  });

  test("a shape that one sender defines means nothing in the next body", () => {
    // Record extension 0x72: shape 0x40 has one field, "a"; then its first use.
    const record = Buffer.from("d5724091a16101", "hex");
    try {
      codec.unpack(record, 0, record.length);
    } catch {
      // Refusing it is as good.
    }
    for (let number = 0; number < 128; number++) expect(sent([number])).toEqual([number]);
  });
});

describe("what lies between header and body", () => {
  const extension = Uint8Array.from({ length: 28 }, (_, at) => at + 1);
  const large = Buffer.alloc(5000, 7);

  test.each([
    ["a value", { sku: "tea" }],
    ["nothing", undefined],
    ["many bytes", large],
  ])("does not touch %s", (_, value) => {
    const bare = Buffer.from(codec.frame(value, Kind.request, 1, 2, 3, 4));
    for (const frame of [
      codec.frame(value, Kind.request, 1, 2, 3, 4, extension),
      codec.frameWithRecords(value, Kind.request, 1, 2, 3, 4, extension),
      frameAround(
        bare.subarray(bodyStart(bare, 0), bodyEnd(bare, 0)),
        Kind.request,
        ...([1, 2, 3, 4] as const),
        extension,
      ),
    ]) {
      expect(isSound(frame, 0)).toBe(true);
      expect(sizeOf(frame, 0)).toBe(frame.length);
      expect(extensionOf(frame, 0)).toBe(28);
      expect([...frame.subarray(HEADER_BYTES, bodyStart(frame, 0))]).toEqual([...extension]);
      if ((flagsOf(frame, 0) & Flag.records) === 0) {
        expect(codec.unpack(frame, bodyStart(frame, 0), bodyEnd(frame, 0))).toEqual(value);
      }
    }
    expect(bare.length + 28).toBe(codec.frame(value, Kind.request, 1, 2, 3, 4, extension).length);
  });
});
