import { ElpisError } from "@elpis/api";
import { describe, expect, it } from "vitest";
import { handOver, parcelsOf } from "../../src/keeper/handover.ts";
import type { Trace } from "../../src/keeper/trace.ts";
import type { RelayedBatch } from "../../src/topics.ts";
import { at, Kept, open, span, WEB, WORKER } from "./support.ts";

const MANY = 40;

/** Traces that need several messages. */
function taken(): Trace[] {
  const kept = new Kept();
  for (let trace = 1; trace <= MANY; trace++) {
    const told = { tags: { text: "日".repeat(10_000) }, statusMessage: "m" };
    kept.tell(WEB, 0, { spans: [span(trace, 2, 1, told)], open: [open(trace, 1)] });
    kept.tell(WORKER, 0, { spans: [span(trace, 3, 2)] });
  }
  return kept.traces.takeOut();
}

describe("what is handed over", () => {
  it("comes in parts that fit into a message, and is all of it", () => {
    const next = new Kept();
    let parts = 0;
    for (const { batch } of parcelsOf(taken())) {
      expect(Buffer.byteLength(JSON.stringify(batch))).toBeLessThan(1_000_000);
      const sources = next.traces.takeRelayed(JSON.parse(JSON.stringify(batch)), at(0));
      expect(sources.every((one) => one.pid === WEB.pid || one.pid === WORKER.pid)).toBe(true);
      parts += 1;
    }
    expect(parts).toBeGreaterThan(2);
    expect(next.traces.stats()).toMatchObject({ spans: 2 * MANY, pending: { traces: MANY } });
    next.traces.decide(at(29_000));
    expect(next.get(1), "it is open as it was").toBeNull();
    next.traces.decide(at(30_000));
    expect(next.get(1)).toMatchObject({ open: ["span 1"], processes: ["web.0", "worker.0"] });
    expect(next.get(1)?.tree[1]).toMatchObject({ statusMessage: "m", process: "web.0" });
  });

  it("is tried again, and given up with the first part that nobody takes", async () => {
    const sent: RelayedBatch[] = [];
    const gone = new ElpisError("ELPIS_HUB_PEER_LOST", "gone");
    const result = await handOver(taken(), async (batch) => {
      sent.push(batch);
      if (sent.length !== 2) throw gone;
    });
    expect(result.error).toBe(gone);
    expect(result.handed + result.lost).toBe(2 * MANY);
    expect(result.handed).toBeGreaterThan(0);
    expect(sent.length, "twice the first, three times the second").toBe(5);
  });

  it("goes on after a part that is too large", async () => {
    let calls = 0;
    const result = await handOver(taken(), async () => {
      calls += 1;
      if (calls === 1) throw new ElpisError("ELPIS_HUB_TOO_LARGE", "too large");
    });
    expect(calls).toBe([...parcelsOf(taken())].length);
    expect(result.lost).toBeGreaterThan(0);
    expect(result.lost).toBeLessThan(2 * MANY);
    expect(result.handed + result.lost).toBe(2 * MANY);
  });

  it("is refused as a whole when it is something else", () => {
    const wrong: unknown[] = [
      { relayed: {} },
      { relayed: [1] },
      { relayed: [{ source: WEB }] },
      { relayed: [{ source: { ...WEB, pid: "1" }, batch: { spans: [], open: [] } }] },
      { relayed: [{ source: { ...WEB, app: 1 }, batch: { spans: [], open: [] } }] },
      { relayed: [{ batch: { spans: [], open: [] } }] },
      {
        relayed: [
          { source: WEB, batch: { spans: [span(1, 1)], open: [] } },
          { source: WEB, batch: { spans: [] } },
        ],
      },
    ];
    const kept = new Kept();
    for (const value of wrong) {
      expect(() => kept.traces.takeRelayed(value, at(0)), JSON.stringify(value)).toThrow(
        expect.objectContaining({ code: "ELPIS_TRACE_BAD_BATCH" }),
      );
    }
    expect(kept.traces.stats().spans).toBe(0);
  });
});
