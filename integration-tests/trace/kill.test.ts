import type { TraceStats } from "@elpis/api";
import { describe, expect, it } from "vitest";
import { useDatabases } from "../support/databases.ts";
import { until } from "../support/wait.ts";
import { spansOf } from "./checks.ts";
import { startShop, type TracedShop, traceIsThere } from "./shop.ts";

const databases = await useDatabases("mysql", "redis");

/** Waits for something to be true of what whoever keeps traces has. */
const known = (shop: TracedShop, what: string, is: (stats: TraceStats) => boolean) =>
  until(what, async () => {
    const stats = await shop.client.request("elpis.trace.stats", {});
    if (is(stats)) return stats;
    throw new Error(JSON.stringify(stats));
  });

describe.skipIf(!traceIsThere || databases.missing !== undefined)(
  "a worker that is killed in the middle of a request",
  () => {
    it("leaves a trace that says what it did not come to the end of", async () => {
      const shop = await startShop(databases, { form: "esm" });
      const leave = shop.leave("/hang/here");
      const { pid, index, traceId } = await shop.openRequest("/hang/here");
      await known(shop, "it to be known", ({ pending }) => pending.traces === 1);
      process.kill(pid, "SIGKILL");
      const trace = await shop.trace(traceId);
      leave();
      expect(trace).toMatchObject({ status: "unfinished", spans: 1, errors: 0 });
      expect(trace.processes).toEqual([`web.${index}`]);
      expect(trace.open).toEqual([trace.name]);
      expect(trace.tree).toMatchObject([{ state: "open", kind: "server", name: trace.name }]);
      const page = await shop.list({ statuses: ["unfinished"] });
      expect(page.items).toMatchObject([{ traceId, open: [trace.name] }]);
    });

    it("does not take with it what others did for it, nor what it told before", async () => {
      const shop = await startShop(databases, { form: "cjs" });
      const leave = shop.leave("/hang/stock");
      const { pid, traceId } = await shop.openRequest("/hang/stock");
      // Over: price.of at both sides, and what it did. Open: the request, and stock.hang at both sides.
      await known(shop, "it to be known", ({ pending }) => pending.spans >= 5 && pending.open >= 3);
      process.kill(pid, "SIGKILL");
      const trace = await shop.trace(traceId);
      leave();
      expect(trace.status).toBe("unfinished");
      const [root] = trace.tree;
      expect(root).toMatchObject({ state: "open", kind: "server" });
      expect(trace.open).toContain(root?.name);
      expect(trace.open.some((name) => name.includes("stock.hang"))).toBe(true);
      expect(trace.tree.filter(({ parentSpanId }) => parentSpanId === undefined)).toEqual([root]);
      const ids = new Set(trace.tree.map(({ spanId }) => spanId));
      for (const { parentSpanId } of trace.tree.slice(1)) expect(ids).toContain(parentSpanId);
      expect(spansOf(trace, "agent").map(({ state }) => state)).toEqual(Array(4).fill("over"));
      expect(spansOf(trace, "stock")).toHaveLength(1);
    });
  },
);
