import { EventEmitter } from "node:events";
import { describe, expect, test } from "vitest";
import { createLogger } from "../src/logger.ts";
import { DropCount } from "../src/objects/drop-count.ts";
import { EventSource, type Losses } from "../src/objects/event-source.ts";
import { Subscriber } from "../src/objects/subscriber.ts";
import { unpackOpaque } from "../src/wire/opaque.ts";
import { Random } from "./support/random.ts";

const log = createLogger({ level: "silent" });
type Told = Array<[count: number, total: number]>;

function losses(): { losses: Losses; slow: Told; unsendable: Told } {
  const slow: Told = [];
  const unsendable: Told = [];
  const count = (told: Told) =>
    new DropCount(
      (...counts) => told.push(counts),
      () => 0,
    );
  return { losses: { slow: count(slow), unsendable: count(unsendable) }, slow, unsendable };
}

/** Notes what it hears, and emits on command. */
class Radio {
  readonly heard: string[] = [];
  listener: ((...values: unknown[]) => void) | undefined;
  subscribe(event: string, listener: (...values: unknown[]) => void): unknown {
    this.heard.push(`subscribe ${event}`);
    this.listener = listener;
    return undefined;
  }
  unsubscribe(event: string, listener: (...values: unknown[]) => void): unknown {
    this.heard.push(`unsubscribe ${event}`);
    if (this.listener === listener) this.listener = undefined;
    return undefined;
  }
  // A subclass of an emitter has these as well; its own way comes first.
  on(): void {
    this.heard.push("on");
  }
  off(): void {
    this.heard.push("off");
  }
}

const valuesOf = async (subscriber: Subscriber): Promise<unknown> => {
  const { value } = await subscriber.next();
  return value === undefined ? undefined : unpackOpaque(value);
};

describe("EventSource", () => {
  test("the object hears one subscribe and one unsubscribe, however many subscribe", async () => {
    const radio = new Radio();
    const source = new EventSource(radio, "news", losses().losses, log);
    const [first, second] = [source.add(), source.add()];
    radio.listener?.("a", 1);
    expect(await valuesOf(first)).toEqual(["a", 1]);
    expect(await valuesOf(second)).toEqual(["a", 1]);
    first.close();
    first.close();
    await first.return();
    expect(radio.heard).toEqual(["subscribe news"]);
    await second.return();
    expect(radio.heard).toEqual(["subscribe news", "unsubscribe news"]);
    expect(source.subscribers).toBe(0);
    source.add().close();
    expect(radio.heard.slice(2)).toEqual(["subscribe news", "unsubscribe news"]);
  });

  test("an emitter is listened to with on and off", async () => {
    const emitter = new EventEmitter();
    const source = new EventSource(emitter, "news", losses().losses, log);
    const subscriber = source.add();
    emitter.emit("news", 0, null, undefined, "");
    emitter.emit("other");
    expect(await valuesOf(subscriber)).toEqual([0, null, undefined, ""]);
    expect(emitter.listenerCount("news")).toBe(1);
    subscriber.close();
    expect(emitter.listenerCount("news")).toBe(0);
  });

  test("what is emitted is taken as it is at that moment", async () => {
    const emitter = new EventEmitter();
    const subscriber = new EventSource(emitter, "news", losses().losses, log).add();
    const state = { count: 1 };
    emitter.emit("news", state);
    state.count = 2;
    expect(await valuesOf(subscriber)).toEqual([{ count: 1 }]);
  });

  test("seeded: the object is subscribed exactly while somebody is there, 1000 runs", () => {
    for (let seed = 1; seed <= 1000; seed++) {
      const random = new Random(seed);
      const radio = new Radio();
      const source = new EventSource(radio, "e", losses().losses, log);
      const there: Array<{ subscriber: Subscriber; got: number; die: () => void }> = [];
      let [subscribed, unsubscribed] = [0, 0];
      for (let step = 0; step < 60; step++) {
        const choice = random.int(4);
        const one = random.pick(there);
        if (choice <= 1 || one === undefined) {
          if (there.length === 0) subscribed++;
          const subscriber = source.add();
          const controller = new AbortController();
          controller.signal.addEventListener("abort", () => subscriber.close());
          there.push({ subscriber, got: 0, die: () => controller.abort() });
        } else if (choice === 2) {
          radio.listener?.(step);
        } else {
          there.splice(there.indexOf(one), 1);
          // Leaves, dies, or both, in either order.
          const ends = [() => one.subscriber.return(), one.die, () => one.subscriber.close()];
          for (let times = 1 + random.int(3); times > 0; times--) void ends[random.int(3)]?.();
          if (there.length === 0) unsubscribed++;
        }
        const count = (what: string) => radio.heard.filter((heard) => heard === what).length;
        const counts = [count("subscribe e"), count("unsubscribe e"), source.subscribers];
        if (`${counts}` !== `${[subscribed, unsubscribed, there.length]}`) {
          throw new Error(`seed ${seed}, step ${step}: ${counts} of ${there.length}`);
        }
        if ((radio.listener !== undefined) !== there.length > 0) throw new Error(`seed ${seed}`);
      }
    }
  });

  test("one that refuses leaves nobody behind, and may agree later", () => {
    const radio = new Radio();
    const subscribe = radio.subscribe;
    radio.subscribe = () => {
      throw new Error("not now");
    };
    const source = new EventSource(radio, "e", losses().losses, log);
    expect(() => source.add()).toThrow("not now");
    expect([source.subscribers, radio.heard]).toEqual([0, []]);
    radio.subscribe = subscribe;
    source.add();
    expect(radio.heard).toEqual(["subscribe e"]);
  });

  test("one that refuses later ends those it refused, and no others", async () => {
    const radio = new Radio();
    let refuse: (error: Error) => void = () => {};
    radio.subscribe = () =>
      new Promise((_, reject) => {
        refuse = reject;
      });
    const source = new EventSource(radio, "e", losses().losses, log);
    const [asking, quiet] = [source.add(), source.add()];
    const asked = asking.next();
    refuse(new Error("no more"));
    await expect(asked).rejects.toThrow("no more");
    await expect(quiet.next()).rejects.toThrow("no more");
    expect(await quiet.next()).toEqual({ done: true, value: undefined });
    expect([source.subscribers, radio.heard]).toEqual([0, []]);

    source.add();
    const refuseFirst = refuse;
    source.close();
    const second = source.add();
    refuseFirst(new Error("too late"));
    await new Promise((resolve) => setImmediate(resolve));
    expect(source.subscribers).toBe(1);
    second.close();
  });

  test("one that cannot be unsubscribed is told in the log", () => {
    const lines: string[] = [];
    const loud = createLogger({ write: (line) => lines.push(line) });
    const radio = new Radio();
    radio.unsubscribe = () => {
      throw new Error("stuck");
    };
    new EventSource(radio, "e", losses().losses, loud).add().close();
    expect(lines.join()).toContain("stuck");
  });

  test("what cannot be sent is counted, and the rest goes on", async () => {
    const emitter = new EventEmitter();
    const { losses: counts, unsendable } = losses();
    const subscriber = new EventSource(emitter, "e", counts, log).add();
    emitter.emit("e", () => {});
    emitter.emit("e", "good");
    expect(unsendable).toEqual([[1, 1]]);
    expect(await valuesOf(subscriber)).toEqual(["good"]);
  });

  test("a slow subscriber loses the oldest, counted; another loses none", async () => {
    const emitter = new EventEmitter();
    const { losses: counts, slow } = losses();
    const source = new EventSource(emitter, "e", counts, log);
    const [slowOne, quick] = [source.add(), source.add()];
    for (let n = 0; n < 300; n++) {
      emitter.emit("e", n);
      expect(await valuesOf(quick)).toEqual([n]);
    }
    expect(await valuesOf(slowOne)).toEqual([44]);
    source.close();
    expect(slow.at(-1)).toEqual([43, 44]);
  });
});

describe("Subscriber", () => {
  const bytes = (size: number): Uint8Array => new Uint8Array(size);

  test("keeps at most 1 MiB, and one larger than that alone", async () => {
    const subscriber = new Subscriber(() => {});
    let dropped = 0;
    for (let n = 0; n < 8; n++) dropped += subscriber.push(bytes(300 * 1024));
    expect(dropped).toBe(5);
    expect(subscriber.push(bytes(2 * 1024 * 1024))).toBe(3);
    expect((await subscriber.next()).value?.length).toBe(2 * 1024 * 1024);
    expect(subscriber.push(bytes(1))).toBe(0);
  });

  test("hands over to whoever waits, and ends them", async () => {
    let closes = 0;
    const subscriber = new Subscriber(() => closes++);
    const waiting = subscriber.next();
    subscriber.push(bytes(3));
    expect((await waiting).value?.length).toBe(3);
    const last = subscriber.next();
    subscriber.close();
    expect(await last).toEqual({ done: true, value: undefined });
    expect(subscriber.push(bytes(1))).toBe(0);
    expect(await subscriber.next()).toEqual({ done: true, value: undefined });
    expect(closes).toBe(1);
  });
});

describe("DropCount", () => {
  test("tells at once, then every five seconds at most, and the rest when asked", () => {
    let now = 1000;
    const told: Told = [];
    const count = new DropCount(
      (...counts) => told.push(counts),
      () => now,
    );
    count.add(1);
    count.add(2);
    now += 4999;
    count.add(1);
    expect(told).toEqual([[1, 1]]);
    now += 1;
    count.add(1);
    expect(told.at(-1)).toEqual([4, 5]);
    count.add(7);
    count.flush();
    count.flush();
    expect(told.slice(2)).toEqual([[7, 12]]);
  });
});
