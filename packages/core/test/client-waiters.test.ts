import { ElpisError, type Location, type MapAnswers } from "@elpis/api";
import { describe, expect, test } from "vitest";
import { MapWaiter, OneWaiter } from "../src/client/waiters.ts";

const peer = (id: number): Location => ({
  id,
  app: "shop",
  role: "worker",
  name: "web",
  index: id,
  pid: 100 + id,
  epoch: 1,
});
const LOST = new ElpisError("ELPIS_HUB_PEER_LOST", "lost");

function one(): { waiter: OneWaiter; result: Promise<unknown> } {
  let waiter: OneWaiter | undefined;
  const result = new Promise((resolve, reject) => {
    waiter = new OneWaiter("t", 50, resolve, reject);
  });
  return { waiter: waiter as unknown as OneWaiter, result };
}

function map(): { waiter: MapWaiter; result: Promise<MapAnswers<unknown>> } {
  let waiter: MapWaiter | undefined;
  const result = new Promise<MapAnswers<unknown>>((resolve, reject) => {
    waiter = new MapWaiter("t", 50, resolve, reject);
  });
  return { waiter: waiter as unknown as MapWaiter, result };
}

describe("OneWaiter", () => {
  test("takes the first that comes", async () => {
    const { waiter, result } = one();
    waiter.answer(1);
    waiter.answer(2);
    waiter.fail(LOST);
    waiter.expire();
    expect(await result).toBe(1);
  });

  test("fails with what it was told, or when time is over", async () => {
    const failed = one();
    failed.waiter.fail(LOST);
    await expect(failed.result).rejects.toBe(LOST);
    const late = one();
    late.waiter.expire();
    await expect(late.result).rejects.toMatchObject({
      code: "ELPIS_HUB_DEADLINE",
      details: { topic: "t", timeoutMs: 50 },
    });
  });
});

describe("MapWaiter", () => {
  test("gives one entry for each peer, in the order they answered", async () => {
    const { waiter, result } = map();
    waiter.plan([peer(1), peer(2)]);
    waiter.answer("two", peer(2));
    waiter.answer("one", peer(1));
    const answers = await result;
    expect([...answers]).toEqual([
      { from: peer(2), ok: true, value: "two" },
      { from: peer(1), ok: true, value: "one" },
    ]);
    expect(answers.partial).toBe(false);
  });

  test("is partial when one failed, and resolves all the same", async () => {
    const { waiter, result } = map();
    waiter.plan([peer(1), peer(2)]);
    waiter.fail(LOST, peer(1));
    waiter.answer("two", peer(2));
    const answers = await result;
    expect(answers[0]).toEqual({ from: peer(1), ok: false, error: LOST });
    expect(answers.partial).toBe(true);
  });

  test("asks nobody, gets nothing, is whole", async () => {
    const { waiter, result } = map();
    waiter.plan([]);
    const answers = await result;
    expect([...answers]).toEqual([]);
    expect(answers.partial).toBe(false);
    expect(waiter.owed).toBe(0);
  });

  test("when time is over, those who did not answer are named", async () => {
    const { waiter, result } = map();
    waiter.plan([peer(1), peer(2)]);
    waiter.answer("one", peer(1));
    waiter.expire();
    const answers = await result;
    expect(answers[0]).toMatchObject({ ok: true, value: "one" });
    expect(answers[1]).toMatchObject({
      from: peer(2),
      ok: false,
      error: {
        code: "ELPIS_HUB_DEADLINE",
        message: expect.stringContaining("shop/web.2 (pid 102)"),
      },
    });
    expect(answers.partial).toBe(true);
    // An answer after that changes nothing.
    waiter.answer("late", peer(2));
    expect(answers).toHaveLength(2);
  });

  test("fails as a whole when time is over before anyone was asked", async () => {
    const { waiter, result } = map();
    waiter.expire();
    await expect(result).rejects.toMatchObject({ code: "ELPIS_HUB_DEADLINE" });
  });

  test("counts no peer twice and none that was not asked", async () => {
    const { waiter, result } = map();
    waiter.plan([peer(1), peer(2)]);
    waiter.answer("one", peer(1));
    waiter.answer("again", peer(1));
    waiter.answer("who?", peer(3));
    waiter.answer("who?", undefined);
    waiter.answer("two", peer(2));
    expect((await result).map((answer) => answer.from.id)).toEqual([1, 2]);
  });

  test("ends with the connection", async () => {
    const { waiter, result } = map();
    waiter.plan([peer(1)]);
    waiter.give(LOST);
    await expect(result).rejects.toBe(LOST);
  });
});
