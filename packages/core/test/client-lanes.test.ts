import { LANE_BYTES, LANE_MESSAGES } from "@elpis/protocol";
import { describe, expect, test } from "vitest";
import { Lanes } from "../src/client/lanes.ts";
import { hubClosed } from "../src/errors.ts";
import { joinHub, joinThroughValve, settled, startHub } from "./support/hub-kit.ts";
import { Random } from "./support/random.ts";

/** Whether a promise is settled by now. */
async function isSettled(promise: Promise<unknown> | undefined): Promise<boolean> {
  if (promise === undefined) return true;
  const pending = Symbol("pending");
  const soon = new Promise((resolve) => setImmediate(resolve, pending));
  return (await Promise.race([promise.catch(() => {}), soon])) !== pending;
}

describe("Lanes", () => {
  test("the message that uses it up makes its sender wait, until there is credit", async () => {
    const lanes = new Lanes();
    for (let n = 1; n < LANE_MESSAGES; n++) expect(lanes.spend(7, 10)).toBeUndefined();
    const last = lanes.spend(7, 10);
    const more = lanes.spend(7, 10);
    expect([await isSettled(last), await isSettled(more), lanes.room(7) === last]).toEqual([
      false,
      false,
      true,
    ]);
    lanes.credit(7, 1, 10);
    expect(await isSettled(last)).toBe(false);
    lanes.credit(7, 1, 10);
    expect([await isSettled(last), await isSettled(more), lanes.room(7)]).toEqual([
      true,
      true,
      undefined,
    ]);
    expect(lanes.spend(8, 10)).toBeUndefined();
  });

  test("bytes count as well, and one message may be larger than what is left", async () => {
    const lanes = new Lanes();
    expect(lanes.spend(1, LANE_BYTES - 1)).toBeUndefined();
    const last = lanes.spend(1, 500_000);
    expect(await isSettled(last)).toBe(false);
    lanes.credit(1, 2, 499_999);
    expect(await isSettled(last)).toBe(false);
    lanes.credit(1, 0, 1);
    expect(await isSettled(last)).toBe(true);
    lanes.credit(1, 0, LANE_BYTES - 1);
    expect(lanes.size).toBe(0);
  });

  test("a hub cannot make it larger than it is", async () => {
    const lanes = new Lanes();
    void lanes.spend(1, 1);
    void lanes.spend(1, 1);
    lanes.credit(1, 4_000_000_000, 1);
    lanes.credit(2, 5, 5);
    expect(lanes.size).toBe(1);
    lanes.credit(1, 0, 4_000_000_000);
    expect(lanes.size).toBe(0);
  });

  test("a peer that has gone holds nobody up; a connection that has ended is told", async () => {
    const lanes = new Lanes();
    const gone = lanes.spend(1, LANE_BYTES);
    const lost = lanes.spend(2, LANE_BYTES);
    lanes.gone(1);
    lanes.gone(3);
    await gone;
    lanes.fail(hubClosed("it broke"));
    await expect(lost).rejects.toThrow("it broke");
    expect(lanes.size).toBe(0);
  });

  test("the table is bounded: the first lane makes room, and nobody waits for ever", async () => {
    const lanes = new Lanes();
    const first = lanes.spend(0, LANE_BYTES);
    for (let target = 1; target <= 10_000; target++) void lanes.spend(target, 1);
    expect(lanes.size).toBeLessThanOrEqual(4096);
    expect(await isSettled(first)).toBe(true);
  });

  test("seeded: nobody waits who has credit, and credit for all that was sent makes all full", async () => {
    for (let seed = 1; seed <= 50; seed++) {
      const random = new Random(seed);
      const lanes = new Lanes();
      const owed = new Map<number, { messages: number; bytes: number; waits?: Promise<void> }>();
      for (let step = 0; step < 600; step++) {
        const target = random.int(3);
        const lane = owed.get(target) ?? { messages: 0, bytes: 0 };
        owed.set(target, lane);
        if (random.int(3) > 0) {
          const bytes = 1 + random.int(20_000);
          lane.messages++;
          lane.bytes += bytes;
          const waits = lanes.spend(target, bytes);
          const isUsedUp = lane.messages >= LANE_MESSAGES || lane.bytes >= LANE_BYTES;
          expect(waits !== undefined, `seed ${seed}`).toBe(isUsedUp);
          if (waits !== undefined) lane.waits = waits;
        } else {
          const messages = random.int(lane.messages + 1);
          const bytes = messages === lane.messages ? lane.bytes : random.int(lane.bytes + 1);
          lane.messages -= messages;
          lane.bytes -= bytes;
          lanes.credit(target, messages, bytes);
          if (lane.messages < LANE_MESSAGES && lane.bytes < LANE_BYTES) await lane.waits;
        }
      }
      for (const [target, { messages, bytes }] of owed) lanes.credit(target, messages, bytes);
      for (const { waits } of owed.values()) await waits;
      expect(lanes.size, `seed ${seed}`).toBe(0);
    }
  });
});

describe("events to one peer", () => {
  test("are held back by one that does not read, without holding back those to another", async () => {
    const hub = await startHub();
    const sender = await joinHub(hub, "sender");
    const good = await joinHub(hub, "good");
    const { client: stuck, shut } = await joinThroughValve(hub, "stuck");
    let heard = 0;
    good.on("news", () => heard++);
    stuck.on("news", () => {});
    await Promise.all([settled(good), settled(stuck)]);
    const payload = Buffer.alloc(60_000, 1);
    shut("from hub");
    let held: Promise<void> | undefined;
    for (let n = 0; n < 2000 && held === undefined; n++) {
      const room = sender.emit("news", payload, { to: { id: stuck.location.id } });
      if (n % 8 === 7) await settled(sender);
      if (!(await isSettled(room))) {
        await settled(sender);
        if (!(await isSettled(room))) held = room;
      }
    }
    expect(held).toBeDefined();
    for (let n = 0; n < 1000; n++) {
      await sender.emit("news", n, { to: { id: good.location.id } });
    }
    await expect.poll(() => heard).toBe(1000);
    await stuck.close();
    // It has gone: there is nothing to wait for.
    await held;
  });

  test("that are many get through in order, though nobody waits in between", async () => {
    const hub = await startHub();
    const [sender, receiver] = [await joinHub(hub, "sender"), await joinHub(hub, "receiver")];
    const heard: number[] = [];
    receiver.on("n", (n) => heard.push(n));
    await settled(receiver);
    const to = { id: receiver.location.id };
    for (let n = 0; n < 5000; n++) await sender.emit("n", n, { to });
    await expect.poll(() => heard.length).toBe(5000);
    expect(heard.every((n, index) => n === index)).toBe(true);
  });

  test("to one who is not there hold up nobody", async () => {
    const hub = await startHub();
    const sender = await joinHub(hub, "sender");
    for (let n = 0; n < 1000; n++) await sender.emit("n", n, { to: { id: 99_999 } });
    expect(await sender.peers()).toHaveLength(2);
  });
});
