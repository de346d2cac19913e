import { capability, definePlugin, type PluginUse } from "@elpis/api";
import { describe, expect, test } from "vitest";
import { orderPlugins } from "../src/kernel/order.ts";

/** A plugin as `name(needs → provides)`, in letters. */
function plugin(name: string, needs = "", provides = ""): PluginUse {
  return definePlugin({
    name,
    roles: ["worker"],
    needs: [...needs].map((id) => capability(id)),
    provides: [...provides].map((id) => capability(id)),
    setup: () => {},
  })();
}

const names = (uses: readonly PluginUse[]): string =>
  uses.map((use) => use.definition.name).join(" ");

/** Every order of a list. */
function permutations<Item>(list: readonly Item[]): Item[][] {
  if (list.length === 0) return [[]];
  return list.flatMap((item, index) =>
    permutations([...list.slice(0, index), ...list.slice(index + 1)]).map((rest) => [
      item,
      ...rest,
    ]),
  );
}

describe("orderPlugins", () => {
  test("keeps the list where nothing needs anything", () => {
    expect(names(orderPlugins([plugin("c"), plugin("a"), plugin("b")]))).toBe("c a b");
    expect(orderPlugins([])).toEqual([]);
  });

  test("puts providers first and leaves the rest as listed", () => {
    const list = [plugin("a", "x"), plugin("b"), plugin("c", "", "x"), plugin("d")];
    expect(names(orderPlugins(list))).toBe("c a b d");
  });

  test("follows needs from any order of the list", () => {
    const plugins = [
      plugin("top", "lr"),
      plugin("left", "b", "l"),
      plugin("right", "b", "r"),
      plugin("base", "", "b"),
      plugin("other"),
    ];
    for (const list of permutations(plugins)) {
      const order = names(orderPlugins(list)).split(" ");
      const at = (name: string): number => order.indexOf(name);
      expect([...order].sort()).toEqual(["base", "left", "other", "right", "top"]);
      expect(at("base")).toBeLessThan(Math.min(at("left"), at("right")));
      expect(at("top")).toBeGreaterThan(Math.max(at("left"), at("right")));
    }
  });

  test("names who needs what nobody provides", () => {
    expect(() => orderPlugins([plugin("a", "x")])).toThrow(
      expect.objectContaining({
        code: "ELPIS_PLUGIN_MISSING_CAPABILITY",
        message: expect.stringMatching(/^Plugin "a" needs "x"/),
        details: { plugin: "a" },
      }),
    );
  });

  test("names both who provide the same", () => {
    expect(() => orderPlugins([plugin("a", "", "x"), plugin("b", "", "x")])).toThrow(
      expect.objectContaining({
        code: "ELPIS_PLUGIN_DUPLICATE_CAPABILITY",
        message: expect.stringMatching(/^Plugin "b" provides "x", which "a" provides/),
      }),
    );
  });

  test("shows the way round of a cycle, without those that only lead to it", () => {
    const list = [
      plugin("outside", "a"),
      plugin("a", "b", "a"),
      plugin("b", "c", "b"),
      plugin("c", "a", "c"),
    ];
    expect(() => orderPlugins(list)).toThrow(
      expect.objectContaining({
        code: "ELPIS_PLUGIN_CYCLE",
        message: 'Plugin "a" needs itself: a → b → c → a.',
      }),
    );
  });

  test("a plugin that needs what it provides is a cycle of one", () => {
    expect(() => orderPlugins([plugin("a", "x", "x")])).toThrow(
      expect.objectContaining({
        code: "ELPIS_PLUGIN_CYCLE",
        message: 'Plugin "a" needs itself: a → a.',
      }),
    );
  });
});
