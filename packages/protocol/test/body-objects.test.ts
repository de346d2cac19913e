import { runInNewContext } from "node:vm";
import { ElpisError } from "@elpis/api";
import { BodyCodec, bodyEnd, bodyStart, Kind } from "@elpis/protocol";
import { describe, expect, test } from "vitest";

const codec = new BodyCodec();
const LONG = "x".repeat(70_000);

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

describe("values that arrive as something close to them", () => {
  test("bytes of every kind as bytes", () => {
    const bytes = Uint8Array.from({ length: 24 }, (_, index) => index);
    const views = [
      Buffer.from(bytes),
      bytes.buffer,
      new DataView(bytes.buffer),
      new Float64Array(bytes.buffer),
      new BigInt64Array(bytes.buffer),
      new Uint16Array(bytes.buffer),
    ];
    for (const found of sent(views) as unknown[]) {
      if (!(found instanceof Uint8Array)) throw new Error("these are no bytes");
      expect(Buffer.compare(found, bytes)).toBe(0);
    }
    const part = new Uint16Array(bytes.buffer, 4, 3);
    expect(Buffer.from(sent(part) as Uint8Array).toString("hex")).toBe("040506070809");
  });

  test("an object of a class by its own fields, or by its toJSON", () => {
    class Point {
      x = 1;
      #y = 2;
      get y(): number {
        return this.#y;
      }
    }
    const bare: Record<string, unknown> = Object.assign(Object.create(null), { a: 1 });
    const heir: Record<string, unknown> = Object.assign(Object.create({ inherited: 1 }), {
      own: 2,
    });
    const url = new URL("http://localhost/a");
    expect(sent([new Point(), bare, heir, url])).toStrictEqual([
      { x: 1 },
      { a: 1 },
      { own: 2 },
      url.href,
    ]);
  });

  test("a list for a list, whatever its class", () => {
    class List extends Array<unknown> {}
    const liar = Object.assign([1, [2]], { constructor: Map });
    expect(sent([List.from([1, new Set([2])]), liar])).toStrictEqual([
      [1, new Set([2])],
      [1, [2]],
    ]);
  });

  test("what another realm has made as if it were ours", () => {
    const code = `[new Date(5), new Map([[1, 2]]), new Set([1]), { a: [1] }, new Uint8Array([7])]`;
    const [date, map, set, object, bytes] = sent(runInNewContext(code)) as unknown[];
    expect([date, map, set, object]).toStrictEqual([
      new Date(5),
      new Map([[1, 2]]),
      new Set([1]),
      { a: [1] },
    ]);
    expect(Buffer.compare(bytes as Buffer, Buffer.from([7]))).toBe(0);
  });

  test("half a surrogate pair as U+FFFD", () => {
    expect(sent(["a\ud800", "\udc00b", `${"x".repeat(100)}\ud800`])).toEqual([
      "a\ufffd",
      "\ufffdb",
      `${"x".repeat(100)}\ufffd`,
    ]);
    const value = {
      bytes: Buffer.from("eda0"),
      list: [{ "k\ud800": "가" }],
      set: new Set(["\udfff"]),
    };
    const { bytes, list, set } = sent(value) as typeof value;
    expect(Buffer.compare(bytes, value.bytes)).toBe(0);
    expect([list, set]).toEqual([[{ "k\ufffd": "가" }], new Set(["\ufffd"])]);
  });

  test("an error as an ElpisError with what was said about it, and no stack but its own", () => {
    const cause = new RangeError("why");
    const error = new ElpisError("SHOP_SOLD_OUT", "none left", {
      details: { left: 0, since: new Date(1) },
      retryable: true,
      cause,
    });
    const { found } = sent({ found: error }) as { found: ElpisError };
    expect(found).toBeInstanceOf(ElpisError);
    expect(found).toMatchObject({ name: "ElpisError", code: "SHOP_SOLD_OUT", retryable: true });
    expect(found.message).toBe("none left");
    expect(found.details).toEqual({ left: 0, since: new Date(1) });
    expect(found.cause).toMatchObject({ name: "RangeError", message: "why" });
    expect(found.stack).toBe("ElpisError: none left");

    const other = sent(new TypeError("x")) as ElpisError;
    expect([other.name, other.message, "code" in other]).toEqual(["TypeError", "x", false]);
    // A stack that another sender has put in is kept: here, "at".
    const body = Buffer.from("c70a0381a5737461636ba26174", "hex");
    expect((codec.unpack(body, 0, body.length) as Error).stack).toBe("at");
    expect(Error.stackTraceLimit).toBeGreaterThan(0);
  });
});

describe("packing while a value is packed", () => {
  test("by a getter or a toJSON changes neither of the two", () => {
    const inner: Buffer[] = [];
    const pack = (value: unknown): number => {
      inner.push(frameOf(value));
      return 1;
    };
    class Noisy {
      toJSON(): unknown {
        pack({ inside: LONG });
        expect(() => frameOf(Symbol("s"))).toThrow();
        return { json: "x".repeat(50) };
      }
    }
    const outer = {
      before: "b".repeat(3000),
      get during(): number {
        pack({
          get deeper() {
            return pack([1, 2, 3]);
          },
        });
        return 7;
      },
      list: [new Noisy(), new Map([[new Noisy(), 1]]), "after"],
    };
    for (let run = 0; run < 20; run++) {
      inner.length = 0;
      const json = { json: "x".repeat(50) };
      expect(sent(outer)).toEqual({
        before: outer.before,
        during: 7,
        list: [json, new Map([[json, 1]]), "after"],
      });
      // A getter is read more than once, a toJSON called only once.
      const found = inner.map((frame) => JSON.stringify(bodyOf(frame)));
      expect(new Set(found)).toEqual(
        new Set(["[1,2,3]", '{"deeper":1}', JSON.stringify({ inside: LONG })]),
      );
      expect(found.filter((text) => text.includes("inside"))).toHaveLength(2);
    }
  });

  test("by a getter may make frames of any size", () => {
    const outer = {
      before: "b".repeat(3000),
      get during(): number {
        expect(bodyOf(frameOf({ large: LONG.repeat(5) }))).toEqual({ large: LONG.repeat(5) });
        return 7;
      },
      after: ["a".repeat(3000)],
    };
    for (let run = 0; run < 20; run++) expect(sent(outer)).toEqual({ ...outer, during: 7 });
  });

  test("a getter that changes what comes behind it", () => {
    const value: Record<string, unknown> = {
      get a(): number {
        delete value.b;
        value.c = 2;
        return 1;
      },
      b: 1,
    };
    const found = sent([value, "after"]) as [object, string];
    expect(found[0]).toMatchObject({ a: 1 });
    expect("b" in found[0]).toBe(false);
    expect(found[1]).toBe("after");
  });
});
