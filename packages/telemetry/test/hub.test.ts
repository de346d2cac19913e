import { startTestHub } from "@elpis/testing";
import { describe, expect, it } from "vitest";
import { createAggregator, createDeltaSender, createStore } from "../src/index.ts";

const TOPIC = "elpis.test.telemetry";

describe("deltas over a hub", () => {
  it("arrive as they are, with who they are from", async () => {
    const kit = await startTestHub();
    try {
      const aggregator = createAggregator();
      const agent = await kit.join({ role: "agent", name: "agent" });
      agent.handle(TOPIC, (delta, { from }) => aggregator.take(from, delta));
      await kit.settled();
      for (const index of [0, 1]) {
        // One inside this process, one over a socket: every byte of it is packed and unpacked.
        const place = { name: "web", index };
        const worker = await (index === 0 ? kit.join(place) : kit.connect(place));
        const store = createStore();
        const tags = { method: "GET", "http.status": 200, ok: true, ümläut: "日本" };
        store.counter("jobs", { unit: "{job}", bounds: [1] } as never).add(0.1 + index, tags);
        store.histogram("times", { unit: "ms", bounds: [1, 2.5] }).record(1e-3, tags);
        store.histogram("times").record(1e6, tags);
        store.gauge("size", { merge: "sum" }).record(-1.5);
        const sender = createDeltaSender({
          store,
          send: (delta) => worker.request(TOPIC, delta, { to: { role: "agent" } }),
        });
        expect(await sender.flush()).toBe(true);
        store.histogram("times").record(5, tags);
        expect(await sender.flush()).toBe(true);
        if (index === 1) expect(await sender.close()).toBe(true);
      }
      const filter = { names: ["jobs", "times", "size"] };
      expect(aggregator.readPoints({ filter })).toMatchObject([
        {
          value: 1.2000000000000002,
          source: { name: "web" },
          tags: { "http.status": 200, method: "GET", ok: true, ümläut: "日本" },
        },
        { count: 6, sum: 2_000_010.002, bounds: [1, 2.5] },
        { value: -1.5 },
      ]);
      expect(aggregator.processes().map(({ name, index, state }) => [name, index, state])).toEqual([
        ["web", 0, "live"],
        ["web", 1, "gone"],
      ]);
    } finally {
      await kit.close();
    }
  });

  it("that are refused for what they are do not come again and again", async () => {
    const kit = await startTestHub();
    try {
      const aggregator = createAggregator();
      const agent = await kit.join({ role: "agent", name: "agent" });
      agent.handle(TOPIC, (delta, { from }) => aggregator.take(from, delta));
      await kit.settled();
      const worker = await kit.join({ name: "web" });
      const store = createStore();
      const sent: number[] = [];
      const sender = createDeltaSender({
        store,
        send: (delta) => {
          sent.push(delta.seq);
          // As somebody of another version would send it.
          const other = sent.length === 1 ? { ...delta, v: 2 } : delta;
          return worker.request(TOPIC, other, { to: { role: "agent" } });
        },
      });
      store.counter("jobs").add(3);
      expect(await sender.flush()).toBe(false);
      expect(await sender.flush()).toBe(true);
      expect(sent).toEqual([1, 2]);
      expect(aggregator.readPoints({ filter: { names: ["jobs"] } })).toMatchObject([{ value: 3 }]);
    } finally {
      await kit.close();
    }
  });
});
