import { ElpisError } from "@elpis/api";
import { describe, expect, it } from "vitest";
import {
  createDeltaSender,
  createStore,
  type Delta,
  type DeltaSender,
  type DeltaSenderOptions,
  type Store,
} from "../src/index.ts";
import { type FakeTimers, fakeTimers, settled } from "./support/fake-timers.ts";
import { Receiver } from "./support/network.ts";

interface Setup {
  readonly store: Store;
  readonly timers: FakeTimers;
  readonly receiver: Receiver;
  readonly sender: DeltaSender;
  readonly problems: Error[];
}

function setup(options: Partial<DeltaSenderOptions> = {}): Setup {
  const timers = fakeTimers();
  const store = createStore({ run: "s", wallTime: timers.wallTime });
  const receiver = new Receiver();
  const problems: Error[] = [];
  const sender = createDeltaSender({
    store,
    send: receiver.send,
    clock: timers,
    phase: 0,
    onProblem: (error) => problems.push(error),
    ...options,
  });
  return { store, timers, receiver, sender, problems };
}

/** The values of a delta by the numbers of their series. */
function valuesOf(delta: Delta | undefined): Record<number, number> {
  const values: Record<number, number> = {};
  const numbers = delta?.numbers ?? [];
  let ref = 0;
  for (let at = 0; at < numbers.length; at += 2) {
    ref += numbers[at] as number;
    values[ref] = numbers[at + 1] as number;
  }
  return values;
}

/** In short: number, and whether it has everything. */
const seqs = ({ got }: Receiver): string[] =>
  got.map(({ seq, full }) => `${seq}${full ? " full" : ""}`);

describe("a sender of deltas", () => {
  it("sends everything first, then what has changed, and a sign of life when nothing has", async () => {
    const { store, timers, receiver, sender } = setup();
    const jobs = store.counter("jobs", { unit: "{job}" }).bind({ kind: "mail" });
    jobs.add(2);
    sender.start();
    await timers.advance(0);
    jobs.add(1);
    await timers.advance(5000);
    await timers.advance(5000);
    expect(seqs(receiver)).toEqual(["1 full", "2", "3"]);
    expect(receiver.got[0]).toMatchObject({ run: "s", everyMs: 5000, carried: false, more: false });
    expect(receiver.got[0]?.series).toContainEqual([1, 3, ["kind", "mail"]]);
    expect(receiver.got[1]).toMatchObject({ instruments: [], series: [] });
    expect(valuesOf(receiver.got[1])[1]).toBe(3);
    expect(receiver.got[1]?.carried).toBe(true);
    expect(receiver.got[2]).toMatchObject({ numbers: [], histograms: [], gone: [] });
    expect(sender.stats()).toMatchObject({ taken: 3, failed: 0, isInDoubt: false });
  });

  it("sends everything each time to one that keeps only the last; it asks only for what is due", async () => {
    const { store, timers, receiver, sender } = setup({
      isWhole: true,
      intervalMs: 120_000,
    });
    store.counter("a", { level: "critical" }).add(1);
    let asked = 0;
    store.observableCounter("b", { level: "trivial" }, ({ observe }) => observe(++asked));
    sender.start();
    await timers.advance(0);
    expect(receiver.got.map(valuesOf)).toMatchObject([{ 1: 1, 2: 1 }]);
    for (let round = 2; round <= 4; round++) {
      await timers.advance(5000);
      expect(valuesOf(receiver.got.at(-1))).toMatchObject({ 1: 1, 2: 1 });
    }
    expect(seqs(receiver)).toEqual(["1 full", "2 full", "3 full", "4 full"]);
  });

  it("sends each level as often as it wants, at most as seldom as the interval", async () => {
    const { store, timers, receiver, sender } = setup({ intervalMs: 40_000 });
    const levels = ["critical", "major", "trivial"] as const;
    const counters = levels.map((level) => store.counter(level, { level }));
    for (const counter of counters) counter.add(1);
    sender.start();
    await timers.advance(0);
    const seen: string[] = [];
    for (let second = 5; second <= 80; second += 5) {
      for (const counter of counters) counter.add(1);
      const before = receiver.got.length;
      await timers.advance(5000);
      const sent = receiver.got.slice(before).map(({ numbers }) => numbers.length / 2);
      seen.push(`${second}:${sent.join()}`);
    }
    // One of three each five seconds, two of them each thirty, all each forty.
    const own = seen.map((text) => text.replace(/:.*/, ""));
    expect(own).toHaveLength(16);
    expect(seen[0]).toBe("5:1");
    expect(seen[5]).toBe("30:2");
    expect(seen[7]).toMatch(/^40:[3-5]$/);
    expect(seen[11]).toBe("60:2");
  });

  it("sends the same again when it does not know, and lets all the rest add up meanwhile", async () => {
    const { store, timers, receiver, sender, problems } = setup();
    const jobs = store.counter("jobs").bind();
    jobs.add(1);
    sender.start();
    await timers.advance(0);
    receiver.answers(...Array.from({ length: 20 }, () => new Error("nobody there")));
    for (let round = 0; round < 20; round++) {
      jobs.add(1);
      await timers.advance(5000);
    }
    expect(new Set(seqs(receiver))).toEqual(new Set(["1 full", "2"]));
    expect(problems).toHaveLength(1);
    expect(sender.stats()).toMatchObject({ failed: 20, isInDoubt: true });
    jobs.add(1);
    await timers.advance(5000);
    const [second, third] = receiver.got.slice(-2);
    expect(second).toMatchObject({ seq: 2, attempted: true });
    expect(third?.seq).toBe(3);
    expect(valuesOf(third)[1]).toBe(22);
  });

  it("sends everything again to one that knows nothing", async () => {
    const { store, timers, receiver, sender } = setup();
    store.counter("jobs").add(7);
    store.histogram("times").record(3);
    sender.start();
    await timers.advance(0);
    receiver.answers("resync");
    store.histogram("times").record(3);
    await timers.advance(5000);
    expect(seqs(receiver)).toEqual(["1 full", "2", "3 full"]);
    expect(receiver.got[1]?.histograms[0]?.[7]).toEqual([101, 1]);
    expect(receiver.got[2]?.histograms[0]?.[7]).toEqual([101, 2]);
    expect(receiver.got[2]?.series).toHaveLength(receiver.got[0]?.series.length as number);
    expect(sender.stats().resyncs).toBe(1);
  });

  it("does not insist on one that never takes anything", async () => {
    const { receiver, sender } = setup();
    receiver.answers("resync", "resync", "resync");
    expect(await sender.flush()).toBe(false);
    expect(receiver.got).toHaveLength(2);
    expect(await sender.flush()).toBe(true);
  });

  it("sends everything after a delta that is refused for what it is", async () => {
    const { store, receiver, sender } = setup();
    await sender.flush();
    store.counter("jobs").add(1);
    receiver.answers(new ElpisError("ELPIS_TELEMETRY_BAD_DELTA", "no"));
    expect(await sender.flush()).toBe(false);
    expect(await sender.flush()).toBe(true);
    expect(seqs(receiver)).toEqual(["1 full", "2", "3 full"]);
  });

  it("takes silence for an answer after its time", async () => {
    const { timers, receiver, sender, problems } = setup({ sendTimeoutMs: 3000 });
    receiver.answers("never");
    sender.start();
    await timers.advance(3000);
    expect(problems).toMatchObject([{ code: "ELPIS_TELEMETRY_SEND_TIMEOUT" }]);
    await timers.advance(2000);
    expect(seqs(receiver)).toEqual(["1 full", "1 full", "2"]);
  });

  it("tries at once when somebody is there again", async () => {
    const { timers, receiver, sender } = setup();
    receiver.answers(new Error("nobody there"));
    sender.start();
    await timers.advance(0);
    sender.reconnected();
    await settled();
    expect(seqs(receiver)).toEqual(["1 full", "1 full"]);
    expect(sender.stats().isInDoubt).toBe(false);
  });

  it("sends what is large in several, all of it, also when it is everything", async () => {
    const { store, receiver, sender } = setup({ maxBytes: 500 });
    const counter = store.counter("jobs");
    for (let id = 0; id < 100; id++) counter.add(1, { id });
    expect(await sender.flush()).toBe(true);
    expect(receiver.got.length).toBeGreaterThan(3);
    expect(receiver.got.map(({ full }) => full).filter(Boolean)).toHaveLength(1);
    expect(receiver.got.map(({ more }) => more)).toEqual(
      receiver.got.map((_, at) => at < receiver.got.length - 1),
    );
    expect(receiver.got.flatMap(({ series }) => series).length).toBeGreaterThanOrEqual(100);
    for (const delta of receiver.got) expect(JSON.stringify(delta).length).toBeLessThan(1500);
  });
});

describe("the end of a sender", () => {
  it("sends what is left, as the last one", async () => {
    const { store, timers, receiver, sender } = setup();
    sender.start();
    await timers.advance(0);
    store.counter("jobs", { level: "trivial" }).add(1);
    expect(await sender.close()).toBe(true);
    expect(receiver.got.at(-1)).toMatchObject({ seq: 2, final: true });
    expect(Object.values(valuesOf(receiver.got[1]))).toContain(1);
    expect(await sender.close()).toBe(true);
    await timers.advance(60_000);
    expect(receiver.got).toHaveLength(2);
  });

  it("tries once more what is in doubt, and gives up in time", async () => {
    const { store, timers, receiver, sender } = setup();
    receiver.answers("never", "never");
    sender.start();
    await timers.advance(100);
    store.counter("jobs").add(1);
    const closed = sender.close(1000);
    await timers.advance(500);
    expect(seqs(receiver)).toEqual(["1 full", "1 full"]);
    await timers.advance(500);
    expect(await closed).toBe(false);
    await timers.advance(60_000);
    expect(receiver.got).toHaveLength(2);
  });

  it("has the answer that comes in the second half of its time", async () => {
    const { timers, receiver, sender } = setup();
    receiver.answers("never");
    sender.start();
    await timers.advance(100);
    const closed = sender.close(1000);
    await timers.advance(500);
    expect(await closed).toBe(true);
    expect(receiver.got.at(-1)).toMatchObject({ seq: 2, final: true });
  });
});
