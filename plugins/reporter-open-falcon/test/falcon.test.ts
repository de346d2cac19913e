import { describe, expect, it } from "vitest";
import { readPush } from "./falcon/rules.ts";
import { Store } from "./falcon/store.ts";

const NOW = 1_795_181_280;
const good = {
  ...{ endpoint: "web-1", metric: "qps", timestamp: NOW, step: 60, value: 12.5 },
  ...{ counterType: "GAUGE", tags: "app=shop" },
};

function push(...items: object[]): Store {
  const store = new Store(30, () => NOW);
  store.update(readPush(JSON.stringify(items)) ?? []);
  return store;
}

/** The rules that the reporter is tested against, by examples of what breaks them. */
describe("the server of these tests", () => {
  it("keeps a good item", () => {
    const { lost, series } = push(good);
    expect([lost, [...series.keys()]]).toEqual([[], ["web-1/qps/app=shop"]]);
  });

  it.each([
    { timestamp: NOW + 0.5 },
    { timestamp: String(NOW) },
    { step: 60.5 },
    { tags: { app: "shop" } },
    { counterType: 1 },
  ])("refuses a whole push for %j", (more) => {
    expect(readPush(JSON.stringify([good, { ...good, ...more }]))).toBeUndefined();
    expect(readPush(JSON.stringify(good))).toBeUndefined();
  });

  it.each<[string, object]>([
    ["invalid", { value: null }],
    ["invalid", { value: "abc" }],
    ["invalid", { value: true }],
    ["invalid", { counterType: "gauge" }],
    ["invalid", { step: 0 }],
    ["invalid", { endpoint: "" }],
    ["invalid", { metric: "kernel.hostname" }],
    ["invalid", { metric: "m".repeat(511) }],
    ["never indexed", { metric: "m".repeat(256) }],
    ["never indexed", { metric: "😀" }],
    ["dropped at storage", { metric: "it's" }],
    ["dropped at storage", { tags: "a=b\u00A0c" }],
    ["tags changed", { tags: "path=hello world" }],
    ["tags changed", { tags: "b=1,a=2" }],
    ["tags changed", { tags: "path=a,b" }],
    ["future", { timestamp: NOW + 1 }],
    ["time is now", { timestamp: NOW * 1000 }],
    ["step raised", { step: 10 }],
    ["passed over", { value: 1e301 }],
  ])("loses an item: %s for %j", (why, more) => {
    const { lost } = push({ ...good, ...more });
    expect(lost[0]).toContain(why);
  });

  it("loses the second point of a step, an older one, and one of another type", () => {
    const { lost } = push(
      ...[good, { ...good, timestamp: NOW - 1 }, { ...good, timestamp: NOW - 90 }],
      { ...good, counterType: "COUNTER", timestamp: NOW - 1 },
    );
    expect(lost).toHaveLength(3);
  });
});
