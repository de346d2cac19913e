import type { AnyTopics, Client } from "@elpis/api";
import { describe, expect, test, vi } from "vitest";
import { RetryBudget, retrying } from "../src/client/retry.ts";
import { badArgument, overloaded, peerLost } from "../src/errors.ts";
import { deferred, joinHub, settled, startHub } from "./support/hub-kit.ts";

const call = { topic: "work", timeoutMs: 1000 };
const options = { timeoutMs: 1000, signal: undefined };

describe("a retry budget", () => {
  test("is ten at first, and one in ten calls after that", () => {
    const budget = new RetryBudget();
    const spent = (): number => {
      let times = 0;
      while (budget.spend()) times++;
      return times;
    };
    expect(spent()).toBe(10);
    for (let calls = 0; calls < 9; calls++) budget.earn();
    expect(spent()).toBe(0);
    budget.earn();
    expect(spent()).toBe(1);
    for (let calls = 0; calls < 10_000; calls++) budget.earn();
    expect(spent()).toBe(10);
  });
});

describe("retrying", () => {
  test("makes a call again that may work the next time, and gives what comes of it", async () => {
    const errors = [peerLost(call), overloaded(call)];
    const attempt = vi.fn(async () => {
      const error = errors.shift();
      if (error !== undefined) throw error;
      return 42;
    });
    expect(await retrying({ budget: new RetryBudget(), ...options, attempt })).toBe(42);
    expect(attempt).toHaveBeenCalledTimes(3);
    const left = attempt.mock.calls.map(([ms]: unknown[]) => ms as number);
    expect(left[0]).toBe(1000);
    expect(left[2]).toBeLessThanOrEqual(1000);
  });

  test("does not repeat what will fail again, nor what has no budget", async () => {
    const never = vi.fn(async () => {
      throw badArgument("x", "y", 1);
    });
    const budget = new RetryBudget();
    await expect(retrying({ budget, ...options, attempt: never })).rejects.toThrow("x");
    expect(never).toHaveBeenCalledTimes(1);
    const lost = vi.fn(async () => {
      throw peerLost(call);
    });
    await expect(retrying({ budget, ...options, attempt: lost })).rejects.toMatchObject({
      code: "ELPIS_HUB_PEER_LOST",
    });
    expect(lost).toHaveBeenCalledTimes(11);
  });

  test("does not go on after its time, and not after an abort", async () => {
    const abort = new AbortController();
    const attempt = vi.fn(async () => {
      abort.abort();
      throw overloaded(call);
    });
    const { signal } = abort;
    const aborted = retrying({ budget: new RetryBudget(), timeoutMs: 60_000, signal, attempt });
    await expect(aborted).rejects.toMatchObject({ code: "ELPIS_HUB_OVERLOADED" });
    expect(attempt).toHaveBeenCalledTimes(11);
    const late = vi.fn(async () => {
      throw overloaded(call);
    });
    const timed = retrying({ budget: new RetryBudget(), ...options, timeoutMs: 2, attempt: late });
    await expect(timed).rejects.toMatchObject({ code: "ELPIS_HUB_OVERLOADED" });
    expect(late).toHaveBeenCalledTimes(1);
  });
});

describe("an idempotent call", () => {
  test("is made again when its peer dies, with the payload that it had", async () => {
    const hub = await startHub();
    const caller = await joinHub(hub, "caller");
    const dying = await joinHub(hub, "dying");
    const asked = deferred();
    dying.handle("work", () => {
      asked.resolve();
      return new Promise(() => {});
    });
    await settled(dying);
    const input = { n: 1 };
    const answer = caller.request("work", input, { idempotent: true });
    input.n = 100;
    await asked.promise;
    const heir = await joinHub(hub, "heir");
    heir.handle("work", ({ n }) => n + 1);
    await settled(heir);
    await dying.close();
    expect(await answer).toBe(2);
  });

  test("is not made again when it was not said that it may be", async () => {
    const { caller, dying, asked } = await dyingCallee();
    const answer = caller.request("work", 1);
    const failed = expect(answer).rejects.toMatchObject({ code: "ELPIS_HUB_PEER_LOST" });
    await asked;
    await dying.close();
    await failed;
  });

  test("that nobody answers fails as any other", async () => {
    const hub = await startHub();
    const caller = await joinHub(hub, "caller");
    await expect(caller.request("nothing", 1, { idempotent: true })).rejects.toMatchObject({
      code: "ELPIS_HUB_NO_RESPONDER",
    });
    const abort = AbortSignal.abort();
    await expect(
      caller.request("nothing", 1, { idempotent: true, signal: abort }),
    ).rejects.toMatchObject({ code: "ELPIS_HUB_CANCELLED" });
    await expect(caller.request("nothing", () => {}, { idempotent: true })).rejects.toMatchObject({
      code: "ELPIS_PROTOCOL_NOT_PACKABLE",
    });
  });

  test("waits for a place in line where all are overloaded", async () => {
    const hub = await startHub();
    const caller = await joinHub(hub, "caller");
    const gates: Array<() => void> = [];
    const work = (n: number): Promise<number> =>
      new Promise((resolve) => gates.push(() => resolve(n)));
    hub.client.handle("work", work, { concurrency: 1, queue: 0 });
    const first = caller.request("work", 1);
    await expect.poll(() => gates.length).toBe(1);
    const second = caller.request("work", 2, { idempotent: true });
    await expect(caller.request("work", 3)).rejects.toMatchObject({ code: "ELPIS_HUB_OVERLOADED" });
    gates.shift()?.();
    expect(await first).toBe(1);
    await expect.poll(() => gates.length).toBe(1);
    gates.shift()?.();
    expect(await second).toBe(2);
  });
});

async function dyingCallee(): Promise<{
  caller: Client<AnyTopics>;
  dying: Client<AnyTopics>;
  asked: Promise<void>;
}> {
  const hub = await startHub();
  const [caller, dying] = [await joinHub(hub, "caller"), await joinHub(hub, "dying")];
  const asked = deferred();
  dying.handle("work", () => {
    asked.resolve();
    return new Promise(() => {});
  });
  await settled(dying);
  return { caller, dying, asked: asked.promise };
}
