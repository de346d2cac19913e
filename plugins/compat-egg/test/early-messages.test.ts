import { seeded } from "@elpis/testing";
import { describe, expect, it, vi } from "vitest";
import { EarlyMessages } from "../src/early-messages.ts";

const RUNS = Number(process.env.ELPIS_PROPERTY_RUNS ?? 500);

describe("EarlyMessages", () => {
  it("gives each message once to each who listens in the end", async () => {
    for (let seed = 1; seed <= RUNS; seed++) {
      const random = seeded(seed);
      const listening = new Set<number>();
      const got = new Map<number, unknown[]>();
      const early = new EarlyMessages(async (id, _, data) => {
        // Whether somebody listens is found out by the hub, after this has been sent.
        await null;
        if (!listening.has(id)) return false;
        got.set(id, [...(got.get(id) ?? []), data]);
        return true;
      });
      const ids: number[] = [];
      let sent = 0;
      for (let step = 0; step < 30; step++) {
        const what = random.int(4);
        if (what === 0 && ids.length < 5) ids.push(ids.length);
        if (what === 1) void early.send("a", sent++, ids);
        if (what === 2 && ids.length > 0) listening.add(random.pick(ids));
        if (what === 3) await early.replay([...listening]);
      }
      await new Promise((resolve) => setImmediate(resolve));
      for (const id of ids) listening.add(id);
      await early.replay(ids);
      for (const id of ids) {
        const numbers = [...((got.get(id) ?? []) as number[])].sort((a, b) => a - b);
        expect(numbers, `seed ${seed}`).toEqual(Array.from({ length: sent }, (_, n) => n));
      }
    }
  });

  it("keeps a bounded number, and nothing after its end", async () => {
    const deliver = vi.fn(async () => true);
    const early = new EarlyMessages(deliver);
    for (let n = 0; n < 1500; n++) void early.send("a", n, []);
    expect(early.size).toBe(1000);
    early.clear();
    await early.replay([1]);
    expect(deliver).not.toHaveBeenCalled();
  });

  it("sends again what could not be sent", async () => {
    const deliver = vi.fn(async () => true).mockRejectedValueOnce(new Error("no"));
    const early = new EarlyMessages(deliver);
    await expect(early.send("a", 1, [7])).rejects.toThrow("no");
    await early.replay([7]);
    await early.replay([7]);
    expect(deliver).toHaveBeenCalledTimes(2);
  });
});
