import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import {
  BodyCodec,
  bodyEnd,
  bodyStart,
  Flag,
  flagsOf,
  HEADER_BYTES,
  Kind,
  MAX_RECORD_BYTES,
  MAX_RECORD_KEYS,
  MAX_RECORDS,
  RecordReader,
  scan,
  setFlags,
  sharedRecords,
} from "@elpis/protocol";
import { beforeAll, describe, expect, test } from "vitest";
import { expectHarmless } from "./support/harmless.ts";
import { bytesOf, RECORDS, readNotation, VALUES } from "./support/vectors.ts";

const codec = new BodyCodec();
const refused = expect.objectContaining({ code: "ELPIS_PROTOCOL_BAD_BODY" });

function frameOf(value: unknown): Buffer {
  return codec.frameWithRecords(value, Kind.request, 1, 2, 3, 4);
}

/** What somebody reads who knows all records that there are now. */
function bodyOf(frame: Buffer, scanned = true): unknown {
  return unpackWith(readerOf(sharedRecords()), frame, scanned);
}

function unpackWith(reader: RecordReader, frame: Buffer, scanned = true): unknown {
  const [start, end] = [bodyStart(frame, 0), bodyEnd(frame, 0)];
  if (flagsOf(frame, 0) !== Flag.records) return codec.unpack(frame, start, end, scanned);
  return codec.unpackWithRecords(frame, start, end, reader, scanned);
}

function sent(value: unknown): unknown {
  return bodyOf(Buffer.from(frameOf(value)));
}

function readerOf(records: ReadonlyArray<readonly string[]>): RecordReader {
  const reader = new RecordReader();
  for (const names of records) reader.add(names);
  return reader;
}

function shape(names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, null]));
}

function keysNamed(count: number, prefix: string): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

// The numbers of records belong to the process: these come first.
beforeAll(() => {
  for (const names of RECORDS.records) {
    frameOf(shape(names));
    expect(sharedRecords()).not.toContainEqual(names);
    frameOf(shape(names));
  }
  expect(sharedRecords()).toEqual(RECORDS.records);
});

describe("vectors", () => {
  test.each(RECORDS.cases.map((vector) => [vector.name, vector] as const))("%s", (_, vector) => {
    const bytes = bytesOf(vector.hex);
    const value = readNotation(vector.value);
    const reader = readerOf(RECORDS.records);
    expect(frameOf(value).subarray(HEADER_BYTES).toString("hex")).toBe(bytes.toString("hex"));
    for (const form of [bytes, ...(vector.also ?? []).map(bytesOf)]) {
      for (const scanned of [true, false]) {
        expect(codec.unpackWithRecords(form, 0, form.length, reader, scanned)).toStrictEqual(value);
      }
    }
  });

  test.each(RECORDS.frames.map((vector) => [vector.name, vector] as const))("%s", (_, vector) => {
    const { kind, topic = 0, correlation = 0, target = 0, remaining = 0, flags = 0 } = vector;
    const pack = vector.records === true ? codec.frameWithRecords : codec.frame;
    const made = pack.call(codec, vector.value, kind, topic, correlation, target, remaining);
    expect(flagsOf(made, 0)).toBe(vector.records === true ? Flag.records : 0);
    setFlags(made, 0, flags);
    expect(made.toString("hex")).toBe(vector.hex);
  });

  test.each(RECORDS.hostile.map((vector) => [vector.name, vector] as const))("%s", (_, vector) => {
    const bytes = bytesOf(vector.hex);
    const reader = readerOf(RECORDS.records);
    expect(() => scan(bytes, 0, bytes.length, RECORDS.records)).toThrow(
      expect.objectContaining({ details: { reason: vector.reason, at: expect.any(Number) } }),
    );
    expect(() => codec.unpackWithRecords(bytes, 0, bytes.length, reader)).toThrow(refused);
    let value: unknown;
    try {
      value = codec.unpackWithRecords(bytes, 0, bytes.length, reader, false);
    } catch (error) {
      expect(error).toEqual(refused);
    }
    expectHarmless(value);
    // What one body does to the records, the next one does not see.
    const next = Buffer.from("9240a17801419142", "hex");
    expect(() => codec.unpackWithRecords(next, 0, next.length, reader)).toThrow(refused);
    const good = Buffer.from("9240a1780141c0", "hex");
    expect(codec.unpackWithRecords(good, 0, good.length, reader)).toEqual([
      { name: "x", value: 1 },
      { a: null },
    ]);
  });
});

describe("what is sent with records", () => {
  test("arrives as without them, whatever it is", () => {
    for (const { value: notation } of VALUES) {
      const value = readNotation(notation);
      // Those at the limits have no room for what is put around them.
      if (/\$nest|\$keys|times/.test(JSON.stringify(notation))) continue;
      const plain = codec.frame([value, { a: value }], Kind.request, 1, 2, 3, 4);
      const expected = codec.unpack(plain, HEADER_BYTES, plain.length);
      for (let run = 0; run < 4; run++) expect(sent([value, { a: value }])).toEqual(expected);
    }
  });

  test("integers of every size are no records, wherever they are", () => {
    const numbers = Array.from({ length: 300 }, (_, index) => index - 40);
    const value = { a: numbers, b: new Set(numbers), c: new Map([[numbers, { a: numbers }]]) };
    for (let run = 0; run < 4; run++) expect(sent(value)).toEqual(value);
    const error = sent({ a: Object.assign(new Error("x"), { details: { numbers } }) });
    expect(error).toMatchObject({ a: { details: { numbers } } });
  });

  test("has the flag only if it might have records", () => {
    for (const value of [
      1,
      "x",
      null,
      undefined,
      5n,
      true,
      new Uint8Array(3),
      Buffer.alloc(2000),
    ]) {
      expect(flagsOf(frameOf(value), 0)).toBe(0);
      expect(sent(value)).toEqual(bodyOf(codec.frame(value, Kind.request, 1, 2, 3, 4)));
    }
    for (const value of [{}, [], [1], { a: 1 }, new Map()]) {
      expect(flagsOf(frameOf(value), 0)).toBe(Flag.records);
      expect(sent(value)).toEqual(value);
    }
  });

  test("is refused as without them, and leaves no half of a record", () => {
    const size = sharedRecords().length;
    let reads = 0;
    const traps = [
      { refusedShape: Symbol("s") },
      {
        trap: 1,
        // The walk before packing sees the first time, msgpackr the second.
        get later() {
          if (reads++ % 2 === 1) throw new Error("boom");
          return 1;
        },
      },
    ];
    for (const trap of [...traps, ...traps]) {
      expect(() => frameOf([trap])).toThrow(
        expect.objectContaining({ code: "ELPIS_PROTOCOL_NOT_PACKABLE" }),
      );
    }
    expect(sharedRecords().length).toBe(size);
    for (let run = 0; run < 3; run++)
      expect(sent({ trap: 1, later: 2 })).toEqual({ trap: 1, later: 2 });
    expect(sharedRecords().slice(size)).toEqual([["trap", "later"]]);
  });

  test("by a getter or toJSON while something is packed changes neither", () => {
    const inner: Buffer[] = [];
    class Noisy {
      toJSON(): unknown {
        inner.push(frameOf({ innerShape: { a: 64 } }));
        return { outerShape: 65 };
      }
    }
    const value = {
      get during() {
        inner.push(frameOf([{ innerShape: 66 }, new Set([{ outerShape: 1 }])]));
        return { outerShape: 67 };
      },
      list: [new Noisy(), { outerShape: 68 }],
    };
    for (let run = 0; run < 5; run++) {
      inner.length = 0;
      expect(sent(value)).toEqual({
        during: { outerShape: 67 },
        list: [{ outerShape: 65 }, { outerShape: 68 }],
      });
      for (const frame of inner) {
        const found = bodyOf(frame);
        expect([
          { innerShape: { a: 64 } },
          [{ innerShape: 66 }, new Set([{ outerShape: 1 }])],
        ]).toContainEqual(found);
      }
      expect(inner.length).toBeGreaterThan(1);
    }
  });
});

describe("records", () => {
  const refusals: ReadonlyArray<readonly [string, Record<string, unknown>]> = [
    ["an empty object", {}],
    ["too many names", shape(keysNamed(MAX_RECORD_KEYS + 1, "many"))],
    ["names that are too long", shape([`${"x".repeat(MAX_RECORD_BYTES)}y`])],
    ["a name that msgpackr uses", { __keys__: 1, a: 2 }],
    ["the same name behind another", { a: 1, __keys__: 2 }],
  ];

  test.each(refusals)("are not made of %s", (_, value) => {
    const size = sharedRecords().length;
    const plain = codec.frame(value, Kind.request, 1, 2, 3, 4);
    const expected = codec.unpack(plain, HEADER_BYTES, plain.length);
    for (let run = 0; run < 4; run++)
      expect(sent([value, { a: run }])).toEqual([expected, { a: run }]);
    expect(sharedRecords().length).toBe(size);
  });

  test("have names that arrive as they are", () => {
    for (let run = 0; run < 4; run++)
      expect(sent({ "half\ud800": run })).toEqual({ "half\ufffd": run });
    for (const names of sharedRecords())
      expect(Buffer.from(names.join()).toString()).toBe(names.join());
  });

  test("of nested objects that cannot be records are written as maps", () => {
    const wide = Object.fromEntries(
      keysNamed(100, "wide").map((key) => [key, { a: [64, { a: 1 }] }]),
    );
    for (let run = 0; run < 3; run++) expect(sent({ a: wide })).toEqual({ a: wide });
  });

  test("are not used up by dictionaries, and those leave nothing behind", () => {
    setFlagsFromString("--expose-gc");
    const gc = runInNewContext("gc") as () => void;
    const size = sharedRecords().length;
    const known = { name: "x", value: 1 };
    const pack = (from: number, count: number): void => {
      for (let index = from; index < from + count; index++) {
        const key = (index * 2_654_435_761) % 2 ** 32;
        frameOf({ [`k${key}`]: 1, [`l${key}`]: { [`m${key}`]: known } });
      }
    };
    const used = (): number => {
      gc();
      return process.memoryUsage().heapUsed;
    };
    pack(0, 20_000);
    const before = used();
    pack(20_000, 100_000);
    expect(used() - before).toBeLessThan(16 * 1024 * 1024);
    expect(sharedRecords().length).toBe(size);
    expect(frameOf(known).length).toBe(HEADER_BYTES + 4);
    // One that is as large as a body may be is not looked at as a shape at all.
    const wide = shape(keysNamed(19_000, "w"));
    const between = used();
    frameOf(wide);
    expect(used() - between).toBeLessThan(1024 * 1024);
  }, 60_000);

  test("are at most 32, and stay what they were", () => {
    const before = [...sharedRecords()];
    const shapes = keysNamed(40, "shape").map((name) => ({ [name]: 1, of: 2 }));
    const early = Buffer.from(frameOf({ name: "x", value: 1 }));
    for (let run = 0; run < 3; run++) {
      for (const value of shapes) expect(sent([value, value])).toEqual([value, value]);
    }
    expect(sharedRecords().length).toBe(MAX_RECORDS);
    expect(sharedRecords().slice(0, before.length)).toEqual(before);
    expect(bodyOf(early)).toEqual({ name: "x", value: 1 });
    expect(new Set(sharedRecords().map((names) => names.join())).size).toBe(MAX_RECORDS);
  });
});

describe("a reader", () => {
  const HOSTILE_NAMES = [
    "']:r()})};globalThis.hacked=1;//",
    '"]:r()})};globalThis.hacked=1;//',
    "a:r()})};globalThis.hacked=1;({b",
    "\\",
    '\\"',
    "\n\u2028\u2029\0",
    "`$" + "{globalThis.hacked=1}`",
    "[globalThis.hacked=1]",
    "r",
    "get",
    "class",
    "constructor",
    "hasOwnProperty",
    "toString",
    "",
    "1",
  ];

  test("takes any names for names, however often it reads them", () => {
    const reader = readerOf([HOSTILE_NAMES.filter((name) => name !== "1"), ["1", "a"]]);
    const values = HOSTILE_NAMES.slice(0, -1).map((_, index) => Buffer.from([index]));
    const body = Buffer.concat([
      Buffer.from("9240", "hex"),
      ...values,
      Buffer.from("410102", "hex"),
    ]);
    for (let run = 0; run < 10; run++) {
      const [found, other] = codec.unpackWithRecords(body, 0, body.length, reader) as object[];
      expect(Object.entries(found as object)).toEqual(
        HOSTILE_NAMES.slice(0, -1).map((name, index) => [name, index]),
      );
      expect(other).toEqual({ 1: 1, a: 2 });
      expect(Object.getPrototypeOf(found)).toBe(Object.prototype);
    }
    expect("hacked" in globalThis).toBe(false);
  });

  test("lets no body define records, scanned or not", () => {
    const definitions = RECORDS.hostile.filter(({ name }) => name.includes("definition"));
    expect(definitions).toHaveLength(3);
    for (const { hex } of definitions) {
      const bytes = bytesOf(hex);
      for (const scanned of [true, false]) {
        const { length } = bytes;
        expect(() => codec.unpack(bytes, 0, length, scanned)).toThrow(refused);
        for (const records of [[], RECORDS.records]) {
          const reader = readerOf(records);
          expect(() => codec.unpackWithRecords(bytes, 0, length, reader, scanned)).toThrow(refused);
        }
      }
    }
  });

  test("refuses what is no record", () => {
    const reader = new RecordReader();
    const invalid = expect.objectContaining({ code: "ELPIS_PROTOCOL_INVALID" });
    const bad: unknown[] = [[], ["a", "a"], ["__proto__"], [1], "a", null, keysNamed(65, "k")];
    for (const names of [...bad, ["x".repeat(MAX_RECORD_BYTES + 1)], ["é".repeat(513)]]) {
      expect(() => reader.add(names as string[])).toThrow(invalid);
    }
    expect(reader.size).toBe(0);
    for (let number = 0; number < MAX_RECORDS; number++) reader.add([`a${number}`]);
    expect(() => reader.add(["one more"])).toThrow(invalid);
    expect(reader.size).toBe(MAX_RECORDS);
  });

  test("does not change with the list it was given", () => {
    const names = ["a"];
    const reader = readerOf([names]);
    names[0] = "changed";
    expect(codec.unpackWithRecords(Buffer.from("4001", "hex"), 0, 2, reader)).toEqual({ a: 1 });
    expect(names).toEqual(["changed"]);
  });

  test("knows its own records and nobody else's", () => {
    const one = readerOf([["a"]]);
    const two = readerOf([["b"], ["c"]]);
    const body = Buffer.from("4005", "hex");
    for (let run = 0; run < 6; run++) {
      expect(codec.unpackWithRecords(body, 0, 2, one)).toEqual({ a: 5 });
      expect(codec.unpackWithRecords(body, 0, 2, two)).toEqual({ b: 5 });
      expect(() => codec.unpackWithRecords(Buffer.from("4105", "hex"), 0, 2, one)).toThrow(refused);
      expect(codec.unpack(Buffer.from("40", "hex"), 0, 1, false)).toBe(64);
    }
    one.add(["d"]);
    expect(codec.unpackWithRecords(Buffer.from("4105", "hex"), 0, 2, one)).toEqual({ d: 5 });
    expect(codec.unpackWithRecords(body, 1, 1, one)).toBeUndefined();
  });

  test("goes on where it was when another body is read in between", () => {
    const inner = readerOf([["x"]]);
    const nested = Buffer.from("92c703029140c0c4017a", "hex");
    const value = [
      Buffer.from("before"),
      new Map([
        [1, { probe: 64, rest: new Set([Buffer.from("rest"), { probe: [1] }, new Set([2])]) }],
      ]),
      new Set([new Map([["after", "x".repeat(100)]])]),
    ];
    const plain = codec.frame(value, Kind.request, 1, 2, 3, 4);
    const withRecords = frameOf(value);
    const found: unknown[] = [];
    Object.defineProperty(Object.prototype, "probe", {
      configurable: true,
      set() {
        found.push(codec.unpackWithRecords(nested, 0, nested.length, inner));
        expect(() => codec.unpack(Buffer.from("91", "hex"), 0, 1)).toThrow(refused);
      },
    });
    let results: unknown[];
    try {
      results = [
        codec.unpack(plain, HEADER_BYTES, plain.length),
        codec.unpack(plain, HEADER_BYTES, plain.length, false),
        bodyOf(withRecords),
      ];
    } finally {
      Reflect.deleteProperty(Object.prototype, "probe");
    }
    for (const [before, map, set] of results as Array<[Uint8Array, Map<number, object>, unknown]>) {
      expect(Buffer.from(before).toString()).toBe("before");
      const { rest } = map.get(1) as { rest: Set<unknown> };
      const [bytes, object, two] = [...rest];
      expect(Buffer.from(bytes as Uint8Array).toString()).toBe("rest");
      expect([object, two, set]).toEqual([{}, new Set([2]), value[2]]);
    }
    expect(found).toHaveLength(6);
    for (const item of found) expect(item).toEqual([new Set([{ x: null }]), Buffer.from("z")]);
  });
});
