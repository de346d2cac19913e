import type { Client, ElpisError } from "@elpis/api";
import { waitFor } from "@elpis/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { keep } from "../../src/keeper/keeper.ts";
import { keeperOptions } from "../../src/keeper/keeper-options.ts";
import type { OwnTopics, SentSpan } from "../../src/topics.ts";
import { PeerHost, startHub, startKeepingHub, tell } from "./hub.ts";
import { failed, fromHub, open, span, spanId, traceId } from "./support.ts";

const SOON = { window: { settle: 50, open: "20s" } };
const LATER = { window: { settle: 400, open: "20s" } };
const NEVER = { window: { settle: "20s", open: "20s" } };

const get = (client: Client<OwnTopics>, trace: number) =>
  client.request("elpis.trace.get", { traceId: traceId(trace) });
const found = (client: Client<OwnTopics>, trace: number) =>
  waitFor(() => get(client, trace), { what: `trace ${trace} to be kept` });

async function problemOf(call: Promise<unknown>): Promise<unknown> {
  const error = await call.then(
    () => undefined,
    (thrown: ElpisError) => thrown,
  );
  return (error?.details as { remote?: { code?: string } })?.remote?.code ?? error?.code;
}

describe("whoever keeps traces", () => {
  it("puts together what processes tell, itself included, and answers those who ask", async () => {
    const hub = await startKeepingHub(SOON);
    const [web, worker] = [await hub.join({ name: "web" }), await hub.join({ name: "worker" })];
    expect(await tell(worker, { spans: [span(1, 3, 2, fromHub("web.0"))] })).toBeNull();
    await tell(web, { spans: [span(1, 1), span(1, 2, 1)] });
    await tell(hub.master, { spans: [span(1, 4, 2, fromHub("web.0"))], lost: 2 });
    const trace = await found(web, 1);
    const master = hub.master.location;
    const own = `${master.name}.${master.index}`;
    expect(trace.tree.map((one) => [one.spanId, one.process])).toEqual([
      [spanId(1), "web.0"],
      [spanId(2), "web.0"],
      [spanId(3), "worker.0"],
      [spanId(4), own],
    ]);
    const { items, lastSeq } = await worker.request("elpis.trace.list", { name: "span" });
    expect(items).toMatchObject([{ traceId: traceId(1), status: "normal", seq: lastSeq }]);
    expect(lastSeq).toBeGreaterThan(1e15);
    expect(await web.request("elpis.trace.stats", {})).toMatchObject({
      ...{ spans: 4, kept: 1, lostAtSender: 2, pending: { traces: 0 } },
    });
    await waitFor(() => hub.reported.length === 4, { what: "a report" });
    expect(hub.reported.find((one) => one.spanId === spanId(3))?.source).toEqual({
      ...{ app: "test", name: "worker", index: 0, epoch: 1 },
    });
  });

  it("sees that a process has died", async () => {
    const hub = await startKeepingHub(SOON);
    const web = await hub.join({ name: "web" });
    await tell(web, { open: [open(1, 1, undefined, { start: Date.now() })] });
    await web.close();
    expect(await found(hub.master, 1)).toMatchObject({
      ...{ status: "unfinished", open: ["span 1"], processes: ["web.0"] },
    });
  });

  it("sees that a process has only connected anew", async () => {
    const hub = await startKeepingHub(LATER);
    const connect = () => hub.join({ name: "web", index: 0, pid: 7 });
    const first = await connect();
    await tell(first, { open: [open(1, 1)] });
    // Before its former connection has ended, and after it.
    const second = await connect();
    await first.close();
    await hub.master.peers();
    await second.close();
    const third = await connect();
    const other = await hub.join({ name: "other" });
    // Decided on later than the one that is open would be.
    await tell(other, { spans: [span(2, 1)] });
    await found(hub.master, 2);
    expect(await get(hub.master, 1)).toBeNull();
    await tell(third, { seq: 2, spans: [span(1, 1)] });
    expect(await found(hub.master, 1)).toMatchObject({ status: "normal" });
  });

  it("knows a process whose other connection has ended", async () => {
    const hub = await startKeepingHub(LATER);
    const [first, second] = [
      await hub.join({ name: "web", index: 0, pid: 7 }),
      await hub.join({ name: "web", index: 0, pid: 7 }),
    ];
    await tell(second, { open: [open(1, 1)] });
    await first.close();
    const other = await hub.join({ name: "other" });
    await tell(other, { spans: [span(2, 1)] });
    await found(hub.master, 2);
    expect(await get(hub.master, 1)).toBeNull();
  });

  it("refuses what is no batch, and questions that are none", async () => {
    const hub = await startKeepingHub(SOON);
    const web = await hub.join({ name: "web" });
    expect(await problemOf(tell(web, { spans: 1 as never }))).toBe("ELPIS_TRACE_BAD_BATCH");
    const asked = web.request("elpis.trace.list", { limit: 0 });
    expect(await problemOf(asked)).toBe("ELPIS_TRACE_BAD_QUERY");
    expect(await problemOf(web.request("elpis.trace.get", {} as never))).toBe(
      "ELPIS_TRACE_BAD_QUERY",
    );
    expect(await web.request("elpis.trace.stats", {})).toMatchObject({ spans: 0 });
  });

  it("believes an agent, and nobody else, what others told", async () => {
    const hub = await startKeepingHub(SOON);
    const agent = await hub.join({ role: "agent", name: "agent" });
    const web = await hub.join({ name: "web", index: 3, pid: 7 });
    const relayed = (pid: number): Parameters<typeof web.request<"elpis.trace.spans">>[1] => ({
      relayed: [
        {
          source: { app: "test", name: "web", index: 3, epoch: 1, pid },
          batch: { spans: [span(pid, 1, 5)], open: [open(pid, 2, 5)] },
        },
      ],
    });
    const lying = web.request("elpis.trace.spans", relayed(7));
    expect(await problemOf(lying)).toBe("ELPIS_TRACE_BAD_BATCH");
    expect(await agent.request("elpis.trace.spans", relayed(7))).toBeNull();
    await agent.request("elpis.trace.spans", relayed(8));
    // The one with the other number is not there: it has died while another one kept traces.
    expect(await found(web, 8)).toMatchObject({ status: "unfinished", processes: ["web.3"] });
    expect(await get(web, 7)).toBeNull();
    expect((await web.request("elpis.trace.stats", {})).pending).toMatchObject({ traces: 1 });
  });

  it("counts, for those who look at metrics", async () => {
    const hub = await startKeepingHub(NEVER);
    await tell(await hub.join(), { spans: [span(1, 1), span(1, 1)], lost: 5 });
    await hub.store.observe();
    const points = hub.store.readPoints({ groups: ["trace"] });
    const value = (name: string, tags = {}): unknown =>
      points.find((one) => one.name === name && JSON.stringify(one.tags) === JSON.stringify(tags));
    expect(value("elpis.trace.spans")).toMatchObject({ kind: "counter", value: 2, unit: "{span}" });
    expect(value("elpis.trace.duplicates")).toMatchObject({ value: 1 });
    expect(value("elpis.trace.lost", { where: "sender" })).toMatchObject({ value: 5 });
    expect(value("elpis.trace.lost", { where: "here" })).toMatchObject({ value: 0 });
    expect(value("elpis.trace.pending")).toMatchObject({ kind: "gauge", value: 1 });
    expect(points.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["elpis.trace.kept", "elpis.trace.let_go", "elpis.trace.late"]),
    );
  });

  it("decides on what it has when it ends", async () => {
    const hub = await startKeepingHub({ ...NEVER, sampling: { keep: { share: 0 } } });
    const web = await hub.join();
    await tell(web, { spans: [span(1, 1, undefined, failed()), span(2, 2)] });
    await hub.test.close();
    await waitFor(() => hub.reported.length > 0, { what: "a report" });
    expect(hub.reported.map((one) => one.traceId)).toEqual([traceId(1)]);
  });

  it("answers with what fits into a message", async () => {
    const hub = await startKeepingHub(SOON);
    const web = await hub.join();
    const told = { tags: { text: "x".repeat(8000) } };
    for (let seq = 1; seq <= 20; seq++) {
      const spans = Array.from({ length: 100 }, (_, at) => span(1, 100 * seq + at, 1, told));
      await tell(web, { seq, spans });
    }
    await tell(web, { seq: 21, spans: [span(1, 1)] });
    const trace = await found(web, 1);
    expect([trace.tree.length, trace.omitted, trace.spans]).toEqual([2000, 1, 2000]);
    expect(JSON.stringify(trace.tree[7]?.tags).length).toBeLessThan(300);
  });
});

describe("when another one takes over", () => {
  const agentOf = async (hub: Awaited<ReturnType<typeof startHub>>, epoch: number) => {
    const client = await hub.join<OwnTopics>({
      ...{ role: "agent", name: "agent", index: 0 },
      ...{ epoch, pid: 100 + epoch },
    });
    const host = new PeerHost(client as unknown as Client);
    onTestFinished(() => host.close());
    return { client, host };
  };

  it("it goes on with everything that is not decided on, and nothing is lost between them", async () => {
    const hub = await startHub();
    const web = await hub.join<OwnTopics>({ name: "web" });
    const first = await agentOf(hub, 1);
    keep(first.host, keeperOptions(NEVER));
    await hub.settled();
    const told = { tags: { text: "x".repeat(3000) } };
    const before: Promise<null>[] = [];
    for (let seq = 1; seq <= 30; seq++) {
      const spans = Array.from({ length: 20 }, (_, at) => span(seq, at + 2, 1, told));
      before.push(tell(web, { seq, spans, open: [open(seq, 1)] }));
    }
    await Promise.all(before);
    // It waits for somebody who answers, while the second one is there and not yet able to.
    const second = await agentOf(hub, 2);
    keep(second.host, keeperOptions(SOON));
    const isThere = async (): Promise<boolean> => {
      const { pending } = await web.request("elpis.trace.stats", {}, { to: { pid: 102 } });
      return pending.spans === 600;
    };
    await waitFor(isThere, { what: "all spans at the second one" });
    const roots: readonly SentSpan[] = Array.from({ length: 30 }, (_, at) => span(at + 1, 1));
    await tell(web, { seq: 31, spans: roots });
    expect(await found(web, 30)).toMatchObject({ status: "normal", spans: 21, omitted: 0 });
    expect((await web.request("elpis.trace.list", {})).total).toBe(30);
    await hub.settled();
    const answers = await web.map("elpis.trace.stats", {});
    expect(answers.map(({ from }) => from.pid)).toEqual([102]);
    expect(answers[0]).toMatchObject({ value: { spans: 630, spansKept: 630 } });
  });

  it("what is under way to the first one reaches the second", async () => {
    const hub = await startHub();
    const web = await hub.join<OwnTopics>({ name: "web" });
    const first = await agentOf(hub, 1);
    keep(first.host, keeperOptions(NEVER));
    await hub.settled();
    let seq = 0;
    let isOver = false;
    const telling = (async () => {
      while (!isOver) {
        seq += 1;
        await tell(web, { seq, spans: [span(seq, 1)] });
      }
    })();
    await waitFor(() => seq > 20, { what: "some spans" });
    const second = await agentOf(hub, 2);
    keep(second.host, keeperOptions(NEVER));
    const secondHas = async (count: number): Promise<boolean> => {
      const { spans } = await web.request("elpis.trace.stats", {}, { to: { pid: 102 } });
      return spans >= count;
    };
    const then = seq;
    await waitFor(() => secondHas(then + 20), { what: "later spans at the second one" });
    isOver = true;
    await telling;
    await waitFor(() => secondHas(seq), { what: "all spans at the second one" });
    const { spans, pending } = await web.request("elpis.trace.stats", {});
    expect([spans, pending.traces]).toEqual([seq, seq]);
  });

  it("those that cannot be handed over are counted", async () => {
    const hub = await startHub();
    const web = await hub.join<OwnTopics>({ name: "web" });
    const first = await agentOf(hub, 1);
    const warned: unknown[] = [];
    const noted = Object.assign(first.host, {
      log: { ...first.host.log, warn: (...said: unknown[]) => void warned.push(said) },
    });
    keep(noted, keeperOptions(NEVER));
    await hub.settled();
    await tell(web, { spans: [span(1, 1), span(1, 2, 1)] });
    const second = await agentOf(hub, 2);
    await second.client.close();
    await first.host.close();
    expect(warned).toEqual([
      ["spans could not be handed over", { spans: 2, error: expect.any(String) }],
    ]);
  });
});
