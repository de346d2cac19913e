import { describe, expect, it } from "vitest";
import { type Item, itemProblem } from "../src/item.ts";
import { itemsOf } from "../src/items-of.ts";
import { counter, gauge, histogram, T0, upDown } from "./points.ts";

const frame = { endpoint: "shop-01", stepSeconds: 60, nowMs: T0 + 5000 };
const seconds = T0 / 1000;

describe("the items of a point", () => {
  it("has a counter as its whole total", () => {
    expect(itemsOf(counter({ value: 12.9 }), undefined, frame)).toEqual([
      {
        endpoint: "shop-01",
        metric: "orders",
        timestamp: seconds,
        step: 60,
        value: 12,
        counterType: "COUNTER",
        tags: "app=shop,process=web",
      },
    ]);
  });

  it("has gauges and up-down counters as they are", () => {
    const items = [gauge(), upDown()].flatMap((point) => itemsOf(point, undefined, frame));
    expect(items.map(({ counterType, value }) => [counterType, value])).toEqual([
      ["GAUGE", 0.5],
      ["GAUGE", -3],
    ]);
  });

  it("has a histogram as eight items", () => {
    const items = itemsOf(histogram([1, 2, 3, 4]), undefined, frame);
    expect(items.map(({ metric, counterType, value }) => [metric, counterType, value])).toEqual([
      ["orders.count", "COUNTER", 4],
      ["orders.min", "GAUGE", 1],
      ["orders.max", "GAUGE", 4],
      ["orders.mean", "GAUGE", 2.5],
      ["orders.p50", "GAUGE", 2],
      ["orders.p75", "GAUGE", 3],
      ["orders.p95", "GAUGE", 4],
      ["orders.p99", "GAUGE", 4],
    ]);
  });

  it("puts times to the start of their step, and never into the future", () => {
    const at = (time: number, nowMs: number, stepSeconds = 60): number =>
      (itemsOf(gauge({ time }), undefined, { ...frame, nowMs, stepSeconds })[0] as Item).timestamp;
    expect(at(T0 + 59_999, T0 + 60_000)).toBe(seconds);
    expect(at(T0 + 60_000, T0 + 60_000)).toBe(seconds + 60);
    expect(at(T0 + 3_600_000, T0 + 1)).toBe(seconds);
    expect(at(T0 + 29_999.7, T0 + 60_000, 30)).toBe(seconds);
    expect(at(T0 + 30_000.2, T0 + 60_000, 30)).toBe(seconds + 30);
  });

  it("makes zero of what the storage passes over", () => {
    expect(itemsOf(gauge({ value: 1e-310 }), undefined, frame)[0]?.value).toBe(0);
  });
});

describe("the last look at an item", () => {
  const [good] = itemsOf(counter(), undefined, frame) as [Item];

  it("passes a good one", () => {
    expect(itemProblem(good, frame.nowMs)).toBeUndefined();
  });

  it.each<[string, Partial<Item>]>([
    ["a time with a fraction", { timestamp: seconds + 0.5 }],
    ["a time in milliseconds", { timestamp: T0 }],
    ["a time of zero", { timestamp: 0 }],
    ["a time within a step", { timestamp: seconds - 1 }],
    ["a time to come", { timestamp: seconds + 60 }],
    ["a step of zero", { step: 0 }],
    ["a step with a fraction", { step: 1.5 }],
    ["no number", { value: Number.NaN }],
    ["an endless value", { value: Number.POSITIVE_INFINITY }],
    ["a value beyond the storage", { value: 1e301, counterType: "GAUGE" }],
    ["a total with a fraction", { value: 1.5 }],
    ["a total below zero", { value: -1 }],
    ["a total beyond 64 bits", { value: 2 ** 63 }],
    ["no endpoint", { endpoint: "" }],
    ["a long endpoint", { endpoint: "e".repeat(256) }],
    ["a quote in the endpoint", { endpoint: "it's" }],
    ["a reserved name", { metric: "kernel.hostname" }],
    ["a quote in the name", { metric: 'a"b' }],
    ["a long series", { metric: "m".repeat(255) }],
    ["tags without order", { tags: "b=1,a=2" }],
    ["a tag twice", { tags: "a=1,a=2" }],
    ["a tag without a value", { tags: "a=1,b" }],
    ["a space in a tag", { tags: "a=1 2" }],
    ["an emoji in a tag", { tags: "a=😀" }],
  ])("finds %s", (_, more) => {
    expect(itemProblem({ ...good, ...more }, frame.nowMs)).toEqual(expect.any(String));
  });
});
