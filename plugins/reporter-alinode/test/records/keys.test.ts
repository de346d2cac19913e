import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keyOf, labelsOf } from "../../src/records/keys.ts";
import { counter } from "../support/samples.ts";

const tags = fc.dictionary(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), {
  maxKeys: 3,
});
const names = fc.string({ minLength: 1, maxLength: 12, unit: "grapheme" });

function keyFor(name: string, tags: Record<string, string>, process = "web"): string {
  const point = counter({ name, tags, source: { app: "shop", name: process } });
  return keyOf(name, "", labelsOf(point, "shop"));
}

describe("a key", () => {
  it("is the name, whose it is, and the tags", () => {
    const point = counter({
      tags: { route: "/a b", shop: "cn" },
      source: { app: "shop", name: "web", index: 2 },
    });
    expect(keyOf("orders", "_p95", labelsOf(point, "shop"))).toBe(
      "orders_p95%.process%_web%.index%_2%.route%_%2Fa%20b%.shop%_cn",
    );
    expect(labelsOf(point, "other")).toContain("%.app%_shop");
  });

  it("has nothing in it that is not read", () => {
    fc.assert(
      fc.property(names, tags, (name, some) => {
        expect(keyFor(name, some)).toMatch(/^[A-Za-z0-9_.%]{1,200}$/);
      }),
    );
  });

  it("is that of one series only", () => {
    const series = fc.tuple(names, tags, fc.constantFrom("web", "job"));
    fc.assert(
      fc.property(series, series, (one, other) => {
        const same = JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
        expect(keyFor(...one) === keyFor(...other)).toBe(same);
      }),
      { numRuns: 1000 },
    );
    // Pairs that a careless way of writing makes the same.
    const alike: [Record<string, string>, Record<string, string>][] = [
      [{ a_b: "c" }, { a: "b_c" }],
      [{ a: "b", c: "d" }, { a: "b%.c%_d" }],
      [{ process: "web" }, {}],
      [{ a: "x y" }, { a: "x_y" }],
    ];
    for (const [one, other] of alike) expect(keyFor("n", one)).not.toBe(keyFor("n", other));
  });

  it("that is too long is cut, and stays apart from others", () => {
    const [one, other] = ["a", "b"].map((end) => keyFor("n".repeat(300) + end, {}));
    expect(one).toHaveLength(200);
    expect(one).not.toBe(other);
    expect(keyFor(`${"n".repeat(300)}a`, {})).toBe(one);
  });
});

function sorted([name, tags, process]: readonly [string, Record<string, string>, string]): unknown {
  // Points have their tags in the order of their names.
  return [name, Object.entries(tags), process];
}
