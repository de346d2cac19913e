import { describe, expect, it } from "vitest";
import { fromJson, toJson } from "../src/values.ts";

/** As it is after a journey through JSON. */
const travel = (value: unknown): unknown => fromJson(JSON.parse(JSON.stringify(toJson(value))));

describe("values", () => {
  it.each<[string, unknown]>([
    ["plain data", { a: [1, -0.5, "x", true, null], b: {} }],
    ["undefined, where it stands", { a: undefined, b: [undefined, 1] }],
    ["numbers that JSON has not", [Number.NaN, Infinity, -Infinity]],
    ["bigints", [0n, -1n, 2n ** 64n - 1n]],
    ["dates", [new Date(0), new Date(-1), new Date(Number.NaN)]],
    [
      "maps of anything",
      new Map<unknown, unknown>([
        [1, "a"],
        [{ b: 2 }, new Set([3n])],
      ]),
    ],
    ["keys that begin with $", { $bytes: 1, $$x: 2, $: { $map: [] } }],
    ["a key that is all there is", { $undefined: true }],
  ])("%s", (_, value) => {
    expect(travel(value)).toEqual(value);
  });

  it("bytes, a part of a larger buffer too", () => {
    const all = Uint8Array.from({ length: 300 }, (_, at) => at % 256);
    const part = travel(all.subarray(7, 290)) as Uint8Array;
    expect(Buffer.compare(part, all.subarray(7, 290))).toBe(0);
  });

  it("errors keep name, message, code and details", () => {
    const error = Object.assign(new RangeError("no"), { code: "X", details: { at: new Date(3) } });
    const back = travel(error);
    expect(back).toBeInstanceOf(Error);
    expect(back).toMatchObject({
      name: "RangeError",
      message: "no",
      code: "X",
      details: { at: new Date(3) },
    });
  });

  it("refuses what is no data", () => {
    for (const value of [() => 0, Symbol("x"), { a: [() => 0] }]) {
      expect(() => toJson(value)).toThrow(/cannot cross/);
    }
    const circle: unknown[] = [];
    circle.push(circle);
    expect(() => toJson(circle)).toThrow(/64 levels/);
  });

  it.each([
    '{"$what":1}',
    '{"$bytes":1}',
    '{"$bigint":"1e9"}',
    '{"$bigint":"123456789012345678901234"}',
    '{"$number":"1"}',
    '{"$date":"today"}',
    '{"$map":[[1]]}',
    '{"$set":1}',
    '{"a":1,"$b":2}',
    '{"__proto__":{"polluted":1}}',
    `${"[".repeat(70)}${"]".repeat(70)}`,
  ])("refuses %s", (text) => {
    expect(() => fromJson(JSON.parse(text))).toThrow(
      expect.objectContaining({ code: "ELPIS_NODE_IPC_VALUE" }),
    );
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});
