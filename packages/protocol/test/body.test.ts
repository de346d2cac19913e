import { hasCode } from "@elpis/api";
import { BodyCodec, bodyEnd, bodyStart, HEADER_BYTES, Kind, sizeOf } from "@elpis/protocol";
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
  ["infinities", [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]],
  ["bigints of 64 bits", [0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 64n - 1n]],
  ["an empty text", ""],
  ["texts of every length class", ["x".repeat(31), "x".repeat(32), "x".repeat(256), LONG]],
  ["unicode", ["ä€😀", "\u0000", "é", "e\u0301", "日本語".repeat(100), "😀".repeat(5000)]],
  ["keys in unicode", { "schlüssel 😀": 1, "": 2, "a.b": 3 }],
  ["dates", [new Date(0), new Date(1_700_000_000_123), new Date(-1), new Date("2106-02-08")]],
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
  ["names that objects have", { constructor: 1, toString: "x", hasOwnProperty: [], length: 0 }],
];

describe("values that survive", () => {
  test.each(SURVIVE)("%s", (_, value) => {
    expect(sent(value)).toStrictEqual(value);
  });

  test("any plain value", () => {
    const leaf = fc.oneof(
      fc.string({ unit: "binary" }),
      // The packer has no negative zero.
      fc.double().map((value) => (Object.is(value, -0) ? 0 : value)),
      fc.integer(),
      fc.boolean(),
      fc.constantFrom(null, undefined),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
      fc.date({ noInvalidDate: true }),
    );
    const key = fc.string().filter((name) => name !== "__proto__");
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof({ maxDepth: 5 }, leaf, fc.array(tie("tree")), fc.dictionary(key, tie("tree"))),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        expect(sent(value)).toEqual(value);
      }),
      { numRuns: 500 },
    );
  });

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

  test.each([
    ["a symbol", Symbol("s")],
    ["a symbol inside", { a: [Symbol("s")] }],
    ["a circle", circle],
    ["a function", () => 1],
    ["a method", { run() {} }],
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

  test("a key that would change a prototype comes under another name", () => {
    const found = sent(JSON.parse('{"__proto__":{"polluted":1},"a":1}')) as object;
    expect(Object.getPrototypeOf(found)).toBe(Object.prototype);
    expect("polluted" in found).toBe(false);
    expect(found).toMatchObject({ a: 1 });
  });
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
