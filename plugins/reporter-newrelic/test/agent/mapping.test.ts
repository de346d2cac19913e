import { describe, expect, it } from "vitest";
import { figuresOfHistogram } from "../../src/agent/figures.ts";
import { type AgentApi, checkNode, checkRunning } from "../../src/agent/load.ts";
import { AgentMetrics } from "../../src/agent/metrics.ts";
import { metricName } from "../../src/agent/names.ts";
import { agentSchema } from "../../src/agent/options.ts";
import { end } from "../../src/agent/reporter.ts";
import { rebuilt } from "../../src/agent/signals.ts";
import { eventType } from "../../src/event-type.ts";
import { counter, deepFreeze, error, gauge, histogram } from "../support/samples.ts";

/** Writes down what an agent would be told. */
function recorder(): AgentApi & { told: [string, unknown][] } {
  const told: [string, unknown][] = [];
  const put = (name: string, value: unknown): void => {
    told.push([name, value]);
  };
  return {
    told,
    recordMetric: put,
    incrementMetric: put,
    recordCustomEvent: put,
    noticeError: () => undefined,
    shutdown: (_, done) => done(),
  };
}

const naming = { tags: ["process", "shop"], prefix: "" };

describe("points for an agent without tags", () => {
  it("are named by the tags that are asked for", () => {
    const point = counter({ tags: { shop: "a/b", other: 1 }, source: { app: "x", index: 2 } });
    expect(metricName(point, ["app", "shop", "index"], "p/")).toBe(
      "p/orders/app:x/shop:a%2Fb/index:2",
    );
    expect(metricName(point, ["toString", "nothing"], "")).toBe("orders");
    expect(metricName(gauge({ name: "n".repeat(249) }), [], "")).toBeUndefined();
  });

  it("are added up when they differ in other tags", () => {
    const api = recorder();
    const points = [1, 2, 3].map((n) => counter({ tags: { n }, value: n }));
    const levels = [5, -7].map((value) => gauge({ tags: { value }, value }));
    expect(new AgentMetrics(api, naming).hand([...points, ...levels])).toEqual([]);
    expect(api.told).toEqual([
      ["orders/process:web", 6],
      ["heap/process:web", { count: 2, total: -2, min: -7, max: 5, sumOfSquares: 74 }],
    ]);
  });

  it("lose no fraction of a count: what is left goes with the next", () => {
    const api = recorder();
    const metrics = new AgentMetrics(api, naming);
    for (let n = 0; n < 10; n++) metrics.hand([counter({ value: 0.1 })]);
    expect(api.told).toEqual([["orders/process:web", 1]]);
    for (let n = 0; n < 10; n++) metrics.hand([counter({ value: 1.25 })]);
    const sum = api.told.reduce((total, [, value]) => total + Number(value), 0);
    expect(sum).toBe(13);
    expect(api.told.every(([, value]) => Number.isInteger(value))).toBe(true);
  });

  it("lose no more than one of a name when there are very many names", () => {
    const api = recorder();
    const metrics = new AgentMetrics(api, naming);
    const half = (name: string): void =>
      void metrics.hand([counter({ name, value: 0.5, source: {} })]);
    half("first");
    for (let n = 0; n < 10_000; n++) half(`n${n}`);
    half("first");
    half("n9999");
    expect(api.told).toEqual([["n9999", 1]]);
  });

  it("are not handed over when they are no numbers, totals or too long", () => {
    const api = recorder();
    const bad = [
      counter({ value: Number.NaN }),
      counter({ value: null as never }),
      counter({ value: -1 }),
      counter({ temporality: "cumulative" }),
      gauge({ value: Number.NaN }),
      gauge({ value: Number.POSITIVE_INFINITY }),
      gauge({ value: 1e200 }),
      gauge({ value: null as never }),
      histogram({ sum: Number.NaN }),
      histogram({ temporality: "cumulative" }),
      gauge({ name: "n".repeat(300) }),
    ];
    expect(new AgentMetrics(api, naming).hand(bad)).toHaveLength(bad.length);
    expect(new AgentMetrics(api, naming).hand([histogram({ count: 0 })])).toEqual([]);
    expect(api.told).toEqual([]);
  });

  it("are not changed", () => {
    const points = deepFreeze([counter(), counter(), gauge(), gauge(), histogram(), histogram()]);
    expect(new AgentMetrics(recorder(), naming).hand(points)).toEqual([]);
  });

  it("have a sum of squares that cannot be less than that of equal values", () => {
    const equal = histogram({ count: 4, sum: 12, min: 3, max: 3 });
    const buckets = { scale: 0, zeroCount: 0, zeroThreshold: 0, offset: 1, counts: [4] };
    expect(figuresOfHistogram({ ...equal, buckets })).toEqual({
      count: 4,
      total: 12,
      min: 3,
      max: 3,
      sumOfSquares: 36,
    });
  });
});

describe("names and errors", () => {
  it.each([
    ["order.placed", "order_placed"],
    ["订单", "__"],
    ["Order: paid_1", "Order: paid_1"],
    ["", "ElpisEvent"],
    ["  ", "ElpisEvent"],
    ["e".repeat(300), "e".repeat(255)],
  ])("type of the event %j", (name, type) => {
    expect(eventType(name)).toBe(type);
  });

  it("an error is as it was, with its own stack", () => {
    const record = error();
    const made = rebuilt(record);
    expect([made.name, made.message, made.stack]).toEqual([
      "TypeError",
      "cart is undefined",
      record.stack,
    ]);
    expect(rebuilt(error({ stack: "", message: "" })).stack).toBe("TypeError: ");
  });
});

describe("before the agent is loaded", () => {
  it.each([
    [">=22", "20.20.2", true],
    [">=22", "22.0.0", false],
    [">=20", "20.20.2", false],
    [">= 22.15.0", "22.14.9", true],
    [">= 22.15.0", "22.15.0", false],
    [undefined, "20.20.2", false],
  ])("engines %s on %s", (node, running, throws) => {
    const check = (): void =>
      checkNode({ version: "1.2.3", ...(node !== undefined && { engines: { node } }) }, running);
    if (throws)
      expect(check).toThrow(expect.objectContaining({ code: "ELPIS_NEWRELIC_AGENT_NODE" }));
    else expect(check).not.toThrow();
  });

  it("its options are checked", async () => {
    const issues = async (value: unknown): Promise<string> =>
      ((await agentSchema["~standard"].validate(value)).issues ?? [])
        .map(({ message, path }) => `${path?.join(".")}: ${message}`)
        .join("\n");
    expect(await issues({ tags: ["a"], prefix: "x/", shutdown: false })).toBe("");
    expect(await issues({ shutdownTimeout: 500 })).toBe("");
    expect(await issues({ shutdownTimeout: "soon" })).toContain("shutdownTimeout: expected a time");
    expect(await issues({ tags: [1] })).toContain("tags: expected a list of names");
    expect(await issues({ licenseKey: "secret" })).not.toContain("secret");
    expect(await issues(7)).toContain("expected an object");
  });
});

describe("the end of an agent", () => {
  const timers = (): number =>
    process.getActiveResourcesInfo().filter((one) => one === "Timeout").length;

  it("is once in a process", async () => {
    const api = recorder();
    expect(() => checkRunning(api)).not.toThrow();
    await end(api, {});
    expect(() => checkRunning(api)).toThrow(
      expect.objectContaining({ code: "ELPIS_NEWRELIC_AGENT_OFF" }),
    );
  });

  it("keeps no process alive, also when it throws", async () => {
    const before = timers();
    const shutdown = (): never => {
      throw new Error("no");
    };
    await expect(end({ ...recorder(), shutdown }, {})).rejects.toThrow("no");
    void end({ ...recorder(), shutdown: () => {} }, { shutdownTimeout: "1h" });
    expect(timers()).toBe(before);
  });
});
