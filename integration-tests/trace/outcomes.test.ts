import type { TraceSpan } from "@elpis/api";
import { describe, expect, it } from "vitest";
import { useDatabases } from "../support/databases.ts";
import { ask } from "../support/http.ts";
import { until } from "../support/wait.ts";
import { only, problemsOf } from "./checks.ts";
import { SOON, startShop, type TracedShop, traceIsThere } from "./shop.ts";

const databases = await useDatabases("mysql", "redis");

/** A trace that somebody else has begun, and wants recorded. */
const FOREIGN = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };

/** Of the others none is, however busy the machine. */
const SLOW = { slow: "1m", slowBy: { "GET /slow/:id": "200ms" } };

const isClient = ({ kind }: TraceSpan): boolean => kind === "client";

/** The statuses of the trace of a path that is answered. */
async function statusesOf(shop: TracedShop, path: string, status: number): Promise<unknown> {
  const answer = await shop.get(path);
  expect(answer.status, path).toBe(status);
  const trace = await shop.trace(answer.traceId);
  expect(problemsOf(trace), path).toEqual([]);
  expect(trace.status).toBe(trace.statuses[0]);
  return trace.statuses;
}

describe.skipIf(!traceIsThere || databases.missing !== undefined)(
  "what becomes of a request",
  () => {
    it("is what its trace says: normal, failed, slow, too late", async () => {
      const shop = await startShop(databases, { trace: { ...SOON, ...SLOW } });
      expect(await statusesOf(shop, "/price/tea", 200)).toEqual(["normal"]);
      expect(await statusesOf(shop, "/slow/400", 200)).toEqual(["slow"]);
      expect(await statusesOf(shop, "/fail", 500)).toEqual(["error"]);
      expect(await statusesOf(shop, "/price/gin", 500)).toEqual(["error"]);
      // Its deadline is after 100 ms.
      const late = await shop.get("/late");
      const trace = await shop.trace(late.traceId);
      expect(trace.statuses).toEqual(expect.arrayContaining(["timeout", "error"]));
      for (const status of ["normal", "slow"] as const) {
        expect(await shop.list({ statuses: [status] })).toMatchObject({ total: 1 });
      }
    });

    it("never answered: it is unfinished, after the time that a trace may be open", async () => {
      const shop = await startShop(databases, {
        trace: { window: { settle: "300ms", open: "1s" } },
      });
      const leave = shop.leave("/hang/here");
      const { traceId } = await shop.openRequest("/hang/here");
      const trace = await shop.trace(traceId);
      leave();
      expect(trace).toMatchObject({ status: "unfinished", open: [trace.name] });
      expect(trace.tree).toMatchObject([{ state: "open", name: trace.name }]);
    });

    it("its client goes away: it is over, and took as long as that", async () => {
      const shop = await startShop(databases);
      const leave = shop.leave("/slow/60000");
      const { traceId } = await shop.openRequest("/slow/60000");
      leave();
      await until("it to be seen to go", async () => (await shop.aborted()) === 1);
      const trace = await shop.trace(traceId);
      expect(trace.statuses).not.toContain("unfinished");
      expect(trace.open).toEqual([]);
      expect(trace.tree).toMatchObject([{ state: "over", kind: "server" }]);
      expect(trace.durationMs).toBeLessThan(30_000);
    });
  },
);

describe.skipIf(!traceIsThere || databases.missing !== undefined)("what is recorded", () => {
  it("paths that are to be ignored are not", async () => {
    const shop = await startShop(databases, { trace: { ...SOON, http: { ignore: ["/health"] } } });
    for (let n = 0; n < 5; n++) await shop.get("/health");
    const { traceId } = await shop.get("/price/tea");
    await shop.trace(traceId);
    expect(await shop.list()).toMatchObject({ total: 1, items: [{ traceId }] });
    const stats = await shop.client.request("elpis.trace.stats", {});
    expect(stats).toMatchObject({ kept: 1, letGo: 0, pending: { traces: 0 } });
  });

  it.for(["fetch", "get"])("a call over HTTP (%s) is a child, and tells its id", async (way) => {
    const shop = await startShop(databases);
    const answer = await shop.get(`/chain/${way}`);
    const trace = await shop.trace(answer.traceId);
    expect(problemsOf(trace)).toEqual([]);
    const [root] = trace.tree;
    const call = only(trace.tree, isClient);
    expect(call.parentSpanId).toBe(root?.spanId);
    const { traceparent } = answer.body as { readonly traceparent?: string };
    expect(traceparent).toBe(`00-${trace.traceId}-${call.spanId}-01`);
    const answered = only(trace.tree, (span) => span.kind === "server" && span !== root);
    expect(answered.parentSpanId).toBe(call.spanId);
    expect(trace.spans).toBe(3);
  });

  it("with a ratio of 0 nothing is, and nobody is told to; but what somebody else wants is", async () => {
    const shop = await startShop(databases, { trace: { ...SOON, sampling: { ratio: 0 } } });
    for (let n = 0; n < 5; n++) await shop.get("/order/tea");
    for (const way of ["fetch", "get"]) {
      const { traceparent } = (await shop.get(`/chain/${way}`)).body as { traceparent?: string };
      expect(traceparent ?? "-00").toMatch(/-00$/);
    }
    const { traceId, spanId } = FOREIGN;
    const headers = { traceparent: `00-${traceId}-${spanId}-01` };
    expect((await ask(`${shop.url}/order/tea`, { headers })).status).toBe(200);
    const trace = await shop.trace(traceId);
    expect(trace.tree.find(({ kind }) => kind === "server")?.parentSpanId).toBe(spanId);
    const recorded = trace.tree.filter(({ state }) => state === "over");
    expect(new Set(recorded.map(({ process }) => process.split(".")[0])).size).toBe(3);
    expect(await shop.list()).toMatchObject({ total: 1, items: [{ traceId }] });
    const stats = await shop.client.request("elpis.trace.stats", {});
    expect(stats).toMatchObject({ kept: 1, letGo: 0, pending: { traces: 0 } });
  });

  it("with a share of 0 only what is slow or has failed is kept", async () => {
    const shop = await startShop(databases, {
      trace: { ...SOON, ...SLOW, sampling: { keep: { share: 0 } } },
    });
    const normal = await Promise.all([1, 2, 3].map(() => shop.get("/price/tea")));
    const slow = await shop.get("/slow/400");
    const failed = await shop.get("/fail");
    for (const { traceId } of [slow, failed]) await shop.trace(traceId);
    await until("the others to be let go", async () => {
      const stats = await shop.client.request("elpis.trace.stats", {});
      if (stats.letGo === 3 && stats.kept === 2) return true;
      throw new Error(JSON.stringify(stats));
    });
    for (const { traceId } of normal) {
      const found = await shop.client.request("elpis.trace.get", { traceId: traceId as string });
      expect(found).toBeNull();
    }
    const { items } = await shop.list({ order: "asc" });
    expect(new Set(items.map(({ traceId }) => traceId))).toEqual(
      new Set([slow.traceId, failed.traceId]),
    );
  });

  it("with a share of 0, and slow ones not kept either, nothing is that has not failed", async () => {
    const keep = { share: 0, slow: false };
    const shop = await startShop(databases, {
      trace: { ...SOON, ...SLOW, sampling: { keep } },
    });
    await shop.get("/slow/400");
    await shop.trace((await shop.get("/fail")).traceId);
    await until("the slow one to be let go", async () => {
      const { letGo, kept } = await shop.client.request("elpis.trace.stats", {});
      return letGo === 1 && kept === 1;
    });
    expect(await shop.list({ statuses: ["slow"] })).toMatchObject({ total: 0 });
  });
});
