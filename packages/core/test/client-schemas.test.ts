import { object, type StandardSchema } from "@elpis/api";
import { describe, expect, test, vi } from "vitest";
import { Checks, Refused } from "../src/client/checks.ts";
import { InOrder } from "../src/client/in-order.ts";
import { connect, createLogger } from "../src/index.ts";
import { deferred, joinHub, settled, startHub } from "./support/hub-kit.ts";

const order = object<{ sku: string; count: number }>({ sku: "string", count: "integer" });
const bad = (...issues: string[]): unknown =>
  expect.objectContaining({
    code: "ELPIS_HUB_BAD_PAYLOAD",
    details: expect.objectContaining({ issues }),
  });
const NO_COUNT = "count: expected an integer, got nothing";

/** A schema that does what `validate` does. */
function schema(validate: StandardSchema["~standard"]["validate"]): StandardSchema {
  return { "~standard": { version: 1, vendor: "test", validate } };
}

/** Says that a number is small; takes until `gate` for it. */
function slow(gate: (value: unknown) => Promise<unknown>): StandardSchema {
  return schema(async (value) => {
    await gate(value);
    return (value as number) < 100 ? { value } : { issues: [{ message: "is not small" }] };
  });
}

describe("Checks", () => {
  test("knows what was added, part by part", () => {
    const checks = new Checks();
    checks.add({ order: { input: order } });
    checks.add({ order: { output: order }, other: { payload: order } });
    expect([checks.has("order", "input"), checks.has("order", "output")]).toEqual([true, true]);
    expect([checks.has("order", "item"), checks.has("nothing", "input")]).toEqual([false, false]);
    expect([checks.covers("other"), checks.covers("constructor")]).toEqual([true, false]);
    expect(() => checks.add({ order: { input: {} as StandardSchema } })).toThrow(
      expect.objectContaining({ code: "ELPIS_HUB_BAD_ARGUMENT" }),
    );
  });

  test("gives what the schema made of it, and what is sent as it was", async () => {
    const checks = new Checks();
    const date = schema((value) => ({ value: new Date(value as string) }));
    const later = schema(async (value) => ({ value: `${value}!` }));
    checks.add({ at: { input: date, output: later } });
    expect(checks.check("at", "input", "2026-01-01")).toEqual(new Date("2026-01-01"));
    expect(checks.approve("at", "input", "2026-01-01")).toBe("2026-01-01");
    expect(await checks.check("at", "output", "now")).toBe("now!");
    expect(await checks.approve("at", "output", "now")).toBe("now");
    expect(checks.check("at", "payload", 7)).toBe(7);
  });

  test("says what is wrong, in bounds, also when the schema itself is broken", async () => {
    const checks = new Checks();
    const issues = Array.from({ length: 1000 }, () => ({ message: "x".repeat(5000) }));
    checks.add({
      many: { input: schema(() => ({ issues })) },
      throws: {
        input: schema(() => {
          throw new Error("oops");
        }),
        output: schema(() => Promise.reject(new Error("later"))),
      },
    });
    expect(() => checks.check("throws", "input", 1)).toThrow(bad("input: its schema failed: oops"));
    await expect(checks.check("throws", "output", 1)).rejects.toThrow(
      bad("output: its schema failed: later"),
    );
    try {
      checks.check("many", "input", 1);
      expect.unreachable();
    } catch (error) {
      const told = (error as { details: { issues: string[] } }).details.issues;
      expect(told).toHaveLength(20);
      expect(told.every((issue) => issue.length < 310)).toBe(true);
    }
  });

  test("around a handler tells a refusal from an error of the handler", async () => {
    const checks = new Checks();
    checks.add({ order: { input: order, output: slow(async () => {}) } });
    const input = { sku: "tea", count: 1 };
    expect(() => checks.around("order", {}, () => 1)).toThrow(Refused);
    expect(await checks.around("order", input, () => 5)).toBe(5);
    await expect(checks.around("order", input, async () => 500)).rejects.toBeInstanceOf(Refused);
    expect(() =>
      checks.around("order", input, () => {
        throw new TypeError("mine");
      }),
    ).toThrow(TypeError);
  });
});

describe("InOrder", () => {
  test("uses values in the order in which they came, however long each takes", async () => {
    const inOrder = new InOrder();
    const used: unknown[] = [];
    const use = (value: unknown): unknown => used.push(value);
    await inOrder.run("a", 1, use);
    const [first, second] = [deferred<number>(), deferred<number>()];
    const all = [
      inOrder.run("a", first.promise, use),
      inOrder.run("a", second.promise, use),
      inOrder.run("a", 4, use),
    ];
    await inOrder.run("b", "other topic", use);
    expect([used, inOrder.waiting("a"), inOrder.waiting("b")]).toEqual([[1, "other topic"], 3, 0]);
    second.resolve(3);
    first.resolve(2);
    await Promise.all(all);
    expect(used).toEqual([1, "other topic", 2, 3, 4]);
    await expect.poll(() => inOrder.waiting("a")).toBe(0);
  });

  test("one that fails is not used, and does not keep the next from it", async () => {
    const inOrder = new InOrder();
    const used: unknown[] = [];
    const use = (value: unknown): unknown => used.push(value);
    const failed = inOrder.run("a", Promise.reject(new Error("no")), use);
    const next = inOrder.run("a", 2, use);
    await expect(failed).rejects.toThrow("no");
    await next;
    expect(used).toEqual([2]);
    const thrown = inOrder.run("a", Promise.resolve(3), () => {
      throw new Error("mine");
    });
    await expect(thrown).rejects.toThrow("mine");
  });
});

describe("a client with schemas", () => {
  test("sends nothing that does not pass", async () => {
    const hub = await startHub();
    const { path, secret } = hub;
    const schemas = { order: { input: order }, told: { payload: order } };
    const a = await connect({ path, secret, schemas });
    const seen = vi.fn();
    hub.client.handle("order", seen);
    hub.client.on("told", seen);
    const value = { sku: "tea" };
    await expect(a.request("order", value)).rejects.toThrow(bad(`input.${NO_COUNT}`));
    await expect(a.map("order", value)).rejects.toThrow(bad(`input.${NO_COUNT}`));
    await expect(a.consume("told", value)).rejects.toThrow(bad(`payload.${NO_COUNT}`));
    await expect(a.emit("told", value)).rejects.toThrow(bad(`payload.${NO_COUNT}`));
    await settled(a);
    expect(seen).not.toHaveBeenCalled();
    expect(await a.request("order", { sku: "tea", count: 1 })).toBeUndefined();
    await a.close();
  });

  test("takes nothing in that does not pass, and the caller hears why", async () => {
    const hub = await startHub({ log: createLogger({ level: "silent" }) });
    const a = await joinHub(hub, "a");
    const seen = vi.fn(() => 7);
    hub.client.useSchemas({ order: { input: order }, told: { payload: order } });
    hub.client.handle("order", seen);
    hub.client.on("told", seen);
    const value = { sku: "tea" };
    await expect(a.request("order", value)).rejects.toThrow(bad(`input.${NO_COUNT}`));
    await expect(a.consume("told", value)).rejects.toThrow(bad(`payload.${NO_COUNT}`));
    expect([...(await a.map("order", value))]).toMatchObject([
      { ok: false, error: { code: "ELPIS_HUB_BAD_PAYLOAD" } },
    ]);
    await a.emit("told", value);
    await a.emit("told", null);
    await settled(a);
    await expect.poll(() => (hub.client as unknown as { badEvents: number }).badEvents).toBe(2);
    expect(seen).not.toHaveBeenCalled();
    expect(await a.request("order", { sku: "tea", count: 1 })).toBe(7);
    await a.consume("told", { sku: "tea", count: 1 });
    expect(seen).toHaveBeenCalledTimes(2);
  });

  test("checks answers on both sides", async () => {
    const hub = await startHub();
    const [a, b, c] = [await joinHub(hub, "a"), await joinHub(hub, "b"), await joinHub(hub, "c")];
    const schemas = { price: { output: object<{ eur: number }>({ eur: "number" }) } };
    b.useSchemas(schemas);
    b.handle("price", (eur) => ({ eur }));
    await settled(b);
    expect(await a.request("price", 3)).toEqual({ eur: 3 });
    await expect(a.request("price", "three")).rejects.toThrow(
      bad('output.eur: expected a number, got "three"'),
    );
    c.useSchemas(schemas);
    hub.client.handle("price", () => "free", {});
    await settled(c);
    const to = { role: "master" } as const;
    await expect(c.request("price", 1, { to })).rejects.toMatchObject({
      code: "ELPIS_HUB_BAD_PAYLOAD",
    });
    const answers = await c.map("price", 4);
    expect(answers.partial).toBe(true);
    expect(answers.filter(({ ok }) => ok)).toMatchObject([{ value: { eur: 4 } }]);
    expect(answers.filter(({ ok }) => !ok)).toMatchObject([
      { error: { code: "ELPIS_HUB_BAD_PAYLOAD" } },
    ]);
  });

  test("an error of a nested call is the handler's, not a refusal of the caller's input", async () => {
    const hub = await startHub();
    const a = await joinHub(hub, "a");
    hub.client.useSchemas({
      inner: { input: order },
      outer: { input: schema((v) => ({ value: v })) },
    });
    hub.client.handle("outer", () => hub.client.request("inner", {}));
    await expect(a.request("outer", 1)).rejects.toMatchObject({
      code: "ELPIS_HUB_REMOTE",
      details: { remote: { code: "ELPIS_HUB_BAD_PAYLOAD" } },
    });
  });

  test("checks jobs where they are put in line, and where they are done", async () => {
    const hub = await startHub();
    const [a, b] = [await joinHub(hub, "a"), await joinHub(hub, "b")];
    const schemas = { mail: { job: order } };
    a.useSchemas(schemas);
    await expect(a.enqueue("mail", { sku: "tea" })).rejects.toThrow(bad(`job.${NO_COUNT}`));
    const done: unknown[] = [];
    hub.client.useSchemas(schemas);
    hub.client.work("mail", (job) => done.push(job));
    await b.enqueue("mail", { sku: "bad" }, { maxAttempts: 1 });
    await a.enqueue("mail", { sku: "tea", count: 1 });
    await expect.poll(() => done).toEqual([{ sku: "tea", count: 1 }]);
    await expect
      .poll(() => a.jobs.deadLetters("mail"))
      .toMatchObject([{ payload: { sku: "bad" } }]);
  });

  test("changes a value once: at the side that takes it in", async () => {
    const hub = await startHub();
    const a = await joinHub(hub, "a");
    const twice = schema((value) => ({ value: (value as number) * 2 }));
    const schemas = { n: { input: twice, output: twice, payload: twice } };
    a.useSchemas(schemas);
    hub.client.useSchemas(schemas);
    const heard: unknown[] = [];
    hub.client.handle("n", (n) => {
      heard.push(n);
      return 10;
    });
    hub.client.on("n", (n) => heard.push(n));
    expect(await a.request("n", 1)).toBe(20);
    await a.emit("n", 2);
    await expect.poll(() => heard).toEqual([2, 4]);
  });

  test("keeps events in order although a schema takes its time", async () => {
    const hub = await startHub();
    const a = await joinHub(hub, "a");
    const { path, secret } = hub;
    const b = await connect({ path, secret, log: createLogger({ level: "silent" }) });
    const gates: Array<() => void> = [];
    // Every third value is looked at for longer; every fifth is refused.
    const gate = (value: unknown): Promise<void> =>
      new Promise((done) => {
        if ((value as number) % 3 === 0) gates.push(done);
        else done();
      });
    b.useSchemas({ n: { payload: slow(gate) } });
    const heard: number[] = [];
    b.on("n", (n) => heard.push(n));
    await settled(b);
    for (let n = 0; n < 20; n++) await a.emit("n", n % 5 === 4 ? 100 + n : n);
    await expect.poll(() => gates.length).toBeGreaterThan(4);
    for (const open of gates.splice(0).reverse()) open();
    const wanted = Array.from({ length: 20 }, (_, n) => n).filter((n) => n % 5 !== 4);
    await expect.poll(() => heard).toEqual(wanted);
    await b.close();
  });

  test("async checks before sending keep order too, and count in the time of a call", async () => {
    const hub = await startHub();
    const a = await joinHub(hub, "a");
    const gate = deferred();
    a.useSchemas({
      n: {
        payload: slow((n) => (n === 1 ? gate.promise : Promise.resolve())),
        input: slow(() => gate.promise),
      },
    });
    const heard: number[] = [];
    hub.client.on("n", (n) => heard.push(n));
    hub.client.handle("n", (n) => n);
    const told = [a.emit("n", 1), a.emit("n", 2)];
    const late = a.request("n", 1, { timeoutMs: 1 });
    const good = a.request("n", 1);
    await new Promise((done) => setTimeout(done, 5));
    gate.resolve();
    await Promise.all(told);
    await expect(late).rejects.toMatchObject({ code: "ELPIS_HUB_DEADLINE" });
    expect(await good).toBe(1);
    await expect.poll(() => heard).toEqual([1, 2]);
  });
});
