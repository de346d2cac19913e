import { describe, expect, it } from "vitest";
import { useDatabases } from "../support/databases.ts";
import { until } from "../support/wait.ts";
import { only, problemsOf, spansOf, statementOf } from "./checks.ts";
import { FORMS, startShop, traceIsThere } from "./shop.ts";

const databases = await useDatabases("mysql", "redis");

describe.skipIf(!traceIsThere || databases.missing !== undefined)("the shop", () => {
  it.for(FORMS)(
    "(%s) one request is one trace through three processes and two databases, masked",
    async (form) => {
      const shop = await startShop(databases, { form });
      const answer = await shop.get("/order/tea");
      expect(answer.body).toEqual({ sku: "tea", price: 3.2, left: 99 });
      const trace = await shop.trace(answer.traceId);
      expect(trace).toMatchObject({ status: "normal", statuses: ["normal"], errors: 0, open: [] });
      expect(problemsOf(trace)).toEqual([]);
      expect(trace.processes.map((name) => name.split(".")[0]).sort()).toEqual([
        "agent",
        "stock",
        "web",
      ]);
      expect(trace.processes[0]).toMatch(/^web\.[01]$/);

      const [root, ...others] = trace.tree;
      expect(root).toMatchObject({ kind: "server", name: trace.name });
      expect(trace.name).toMatch(/^GET\b/);
      expect(others).toHaveLength(trace.spans - 1);

      // A question, and what answers it, for each of the two that are asked.
      const ask = (topic: string, process: string) => {
        const asked = only(spansOf(trace, "web"), ({ name }) => name.includes(topic));
        const answered = only(spansOf(trace, process), ({ name }) => name.includes(topic));
        expect(asked).toMatchObject({ kind: "client", parentSpanId: root?.spanId });
        expect(answered).toMatchObject({ kind: "server", parentSpanId: asked.spanId });
        return answered;
      };
      ask("stock.take", "stock");
      const price = ask("price.of", "agent");

      const inAgent = spansOf(trace, "agent").filter((span) => span !== price);
      expect(inAgent.every(({ parentSpanId }) => parentSpanId === price.spanId)).toBe(true);
      expect(inAgent.map(({ name }) => name.split(" ")[0]?.toLowerCase())).toEqual([
        "get",
        "select",
        "set",
      ]);
      expect(inAgent.map(({ kind }) => kind)).toEqual(["client", "client", "client"]);
      const [get, select, set] = inAgent.map(statementOf);
      expect(get).toMatch(/^get\b/i);
      expect(select).toMatch(/^SELECT price FROM prices WHERE sku = \S+ AND note <> \S+$/);
      expect(select).not.toContain("tea");
      expect(set).toMatch(/^set\b/i);
      expect(JSON.stringify(trace)).not.toContain("secret-");
    },
  );

  it.for(FORMS)(
    "(%s) each request is a trace of its own, also when they come at once",
    async (form) => {
      const shop = await startShop(databases, { form });
      const paths = ["/price/tea", "/price/coffee", "/price/cake", "/order/tea", "/order/coffee"];
      const answers = await Promise.all([...paths, ...paths].map((path) => shop.get(path)));
      const ids = new Set(answers.map(({ traceId }) => traceId));
      expect(ids.size).toBe(10);
      for (const id of ids) expect(problemsOf(await shop.trace(id))).toEqual([]);
      // More than there are connections to the database: some wait for one that others have.
      const crowd = await Promise.all(Array.from({ length: 20 }, () => shop.get("/fresh/tea")));
      for (const { traceId } of crowd) {
        const trace = await shop.trace(traceId);
        expect(problemsOf(trace)).toEqual([]);
        const names = spansOf(trace, "agent").map(({ name }) => name.split(" ")[0]);
        expect(names).toEqual(["price.of", "get", "SELECT", "set"]);
      }
      const page = await shop.list();
      expect(page.total).toBe(30);
      const all = new Set([...ids, ...crowd.map(({ traceId }) => traceId)]);
      expect(new Set(page.items.map(({ traceId }) => traceId))).toEqual(all);
    },
  );

  it("what is waited for goes on by every way through the hub", async () => {
    const shop = await startShop(databases);
    const ways = [
      ["/stream/10", "stock.all"],
      ["/object/tea", "store"],
      ["/consume/tea", "stock.count"],
      ["/map/tea", "stock.of"],
    ] as const;
    for (const [path, name] of ways) {
      const trace = await shop.trace((await shop.get(path)).traceId);
      expect(problemsOf(trace), path).toEqual([]);
      const asked = only(spansOf(trace, "web"), (span) => span.name.includes(name));
      const answered = only(spansOf(trace, "stock"), (span) => span.name.includes(name));
      expect(asked.parentSpanId, path).toBe(trace.tree[0]?.spanId);
      expect(answered.parentSpanId, path).toBe(asked.spanId);
    }
  });

  it("what nobody waits for, an event and a job, is of the trace of whoever sent it", async () => {
    const shop = await startShop(databases, { form: "cjs" });
    const ways = [
      ["/emit/tea", "price.seen"],
      ["/job/tea", "mail"],
    ] as const;
    for (const [path, name] of ways) {
      const { traceId } = await shop.get(path);
      const trace = await until(`${name} to be part of it`, async () => {
        const found = await shop.trace(traceId);
        if (spansOf(found, "stock").length > 0) return found;
        throw new Error(JSON.stringify(found.tree));
      });
      const sent = only(spansOf(trace, "web"), (span) => span.name.includes(name));
      const done = only(spansOf(trace, "stock"), (span) => span.name.includes(name));
      expect([sent.kind, done.kind], path).toEqual(["producer", "consumer"]);
      expect(sent.parentSpanId, path).toBe(trace.tree[0]?.spanId);
      expect(done.parentSpanId, path).toBe(sent.spanId);
      expect(done.start, path).toBeGreaterThan(sent.start - 5);
    }
  });
});
