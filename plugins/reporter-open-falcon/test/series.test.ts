import { describe, expect, it } from "vitest";
import { cleanText, cutText, hashOf } from "../src/clean.ts";
import { fits, seriesName } from "../src/series.ts";
import { isIndexed, isStored, readTags } from "./falcon/rules.ts";
import { counter } from "./points.ts";

/** What the server makes of the tags, put together again. */
function seen(tags: string): string {
  return [...readTags(tags)].map((pair) => pair.join("=")).join(",");
}

describe("the name of a series", () => {
  it("has the tags of the point and of its source, in order", () => {
    const point = counter({ tags: { zone: "a", method: "GET", status: 200, ok: true } });
    expect(seriesName(point)).toEqual({
      metric: "orders",
      tags: "app=shop,method=GET,ok=true,process=web,status=200,zone=a",
    });
  });

  it("says of which process it is, where that is known", () => {
    const { tags } = seriesName(counter({ source: { app: "shop", name: "web", index: 3 } }));
    expect(tags).toBe("app=shop,index=3,process=web");
    expect(seriesName(counter({ source: { app: "shop" } })).tags).toBe("app=shop");
    expect(seriesName(counter({ source: {} })).tags).toBe("");
  });

  it("keeps the tags of a point apart from those of its source, and from that of the server", () => {
    const tags = { app: "mine", endpoint: "there", tag_app: "taken" };
    expect(seriesName(counter({ tags })).tags).toBe(
      "app=shop,process=web,tag_app=taken,tag_endpoint=there,tag_tag_app=mine",
    );
  });

  it.each([
    ["a space", { path: "hello world" }],
    ["a comma", { path: "a,b" }],
    ["quotes", { path: `"a" 'b'` }],
    ["an arrow", { path: "a>b" }],
    ["line breaks and tabs", { path: "a\r\nb\tc" }],
    ["a space that does not break", { path: "a\u00A0b" }],
    ["a control character", { path: "a\u001Ab" }],
    ["an emoji", { path: "a😀b" }],
    ["what is younger than the server", { path: "₿\u0870\uA7CA\u2E52\u312E\u9FFC" }],
    ["half of a pair", { path: "a\uD83Db" }],
    ["marks in a name", { "a=b,c/d e": "x" }],
    ["an empty name", { "": "x" }],
  ])("loses nothing for %s", (_, tags) => {
    const name = seriesName(counter({ tags }));
    expect(seen(name.tags)).toBe(name.tags);
    expect(name.tags.split(",")).toHaveLength(3);
    expect(isStored(`${name.metric}/${name.tags}`)).toBe(true);
    expect(isIndexed(`${name.metric}/${name.tags}`)).toBe(true);
  });

  it("leaves alone what is allowed", () => {
    const tags = { path: "/users/:id?q=1", 城市: "北京", empty: "" };
    expect(seriesName(counter({ tags, name: "http.server/a<b" }))).toEqual({
      metric: "http.server/a<b",
      tags: "app=shop,empty=,path=/users/:id?q=1,process=web,城市=北京",
    });
  });

  it("keeps two series apart that are cleaned to the same", () => {
    const names = ["a b", "a_b", "a,b", "a\tb"].map((path) =>
      seriesName(counter({ tags: { path } })),
    );
    expect(new Set(names.map(({ tags }) => tags)).size).toBe(4);
    expect(cleanText("a_b", "tagValue")).toBe("a_b");
    expect(cleanText("a b", "tagValue")).toBe(`a_b~${hashOf("a b")}`);
  });

  it("does not let a name look like one with tags", () => {
    const one = seriesName(counter({ name: "a/b=c", source: {} }));
    expect(one.metric).toMatch(/^a\/b_c~[0-9a-f]{8}$/);
    const two = seriesName(counter({ name: "a", source: {}, tags: { "b/c": "d" } }));
    expect(two.tags).toMatch(/^b_c~[0-9a-f]{8}=d$/);
  });

  it("does not use the name that the server drops", () => {
    expect(seriesName(counter({ name: "kernel.hostname" })).metric).toMatch(/^kernel_hostname~/);
  });
});

describe("a series that is too long", () => {
  const long = (char: string, length: number): string => char.repeat(length);
  const whole = ({ metric, tags }: { metric: string; tags: string }): string => `${metric}/${tags}`;

  it.each([
    ["a value", { tags: { path: long("x", 400) } }, ""],
    ["a name", { name: long("n", 300) }, ".p95"],
    ["a name and a value", { name: long("n", 200), tags: { path: long("x", 200) } }, ".p95"],
    ["Chinese, by its bytes", { name: long("名", 80), tags: { 城市: long("北", 150) } }, ".p95"],
    ["the name of a tag", { tags: { [long("k", 300)]: "v" } }, ""],
    [
      "many tags",
      {
        tags: Object.fromEntries(
          Array.from({ length: 64 }, (_, at) => [`key${at}`, long("v", 30)]),
        ),
      },
      ".mean",
    ],
  ])("is cut: %s", (_, more, suffix) => {
    const name = seriesName(counter(more), suffix);
    expect(fits(name)).toBe(true);
    expect(whole(name).length).toBeLessThanOrEqual(255);
    expect(name.metric.endsWith(suffix)).toBe(true);
    expect(whole(name)).toMatch(/~[0-9a-f]{8}/);
    expect(name.tags).toContain("app=shop");
    expect(name.tags).toContain("process=web");
    expect(seen(name.tags)).toBe(name.tags);
    expect(seriesName(counter(more), suffix)).toEqual(name);
  });

  it("stays apart from others that begin the same", () => {
    const many = (last: string): Record<string, string> => ({
      ...Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`key${at}`, long("v", 30)])),
      zz: last,
    });
    for (const [one, other] of [
      [
        counter({ tags: { path: `${long("x", 300)}1` } }),
        counter({ tags: { path: `${long("x", 300)}2` } }),
      ],
      [counter({ name: `${long("n", 300)}1` }), counter({ name: `${long("n", 300)}2` })],
      [counter({ tags: many("1") }), counter({ tags: many("2") })],
    ] as const) {
      expect(whole(seriesName(one))).not.toBe(whole(seriesName(other)));
    }
  });

  it("stays as it is with exactly 255 characters", () => {
    const fixed = "orders/app=shop,path=,process=web".length;
    const tags = { path: long("x", 255 - fixed) };
    expect(whole(seriesName(counter({ tags })))).toHaveLength(255);
    expect(seriesName(counter({ tags })).tags).not.toContain("~");
    expect(seriesName(counter({ tags: { path: `${tags.path}x` } })).tags).toContain("~");
  });

  it("is not cut within a character", () => {
    expect(cutText("北".repeat(20), 24)).toBe(`${"北".repeat(5)}~${hashOf("北".repeat(20))}`);
  });
});
