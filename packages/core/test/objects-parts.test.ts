import type { Client, StreamCall } from "@elpis/api";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createLogger } from "../src/logger.ts";
import { Backoff } from "../src/objects/backoff.ts";
import { Gate } from "../src/objects/gate.ts";
import { LastingStream } from "../src/objects/lasting-stream.ts";
import { LastingStreams } from "../src/objects/lasting-streams.ts";
import { deferred } from "./support/hub-kit.ts";

describe("Backoff", () => {
  test("doubles from 100 ms to 5 s, half of it by chance, and begins anew", () => {
    const pauses = (random: number): number[] => {
      const backoff = new Backoff(() => random);
      return Array.from({ length: 8 }, () => backoff.next());
    };
    expect(pauses(0)).toEqual([50, 100, 200, 400, 800, 1600, 2500, 2500]);
    expect(pauses(1)).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000]);
    const backoff = new Backoff(() => 1);
    backoff.next();
    backoff.next();
    backoff.reset();
    expect(backoff.next()).toBe(100);
  });
});

describe("Gate", () => {
  const nobodyLeaves = {
    get signal() {
      return new AbortController().signal;
    },
  };

  test("runs so many at once, the others in order, whatever becomes of each", async () => {
    const gate = new Gate("o", 2);
    const [first, second] = [deferred<string>(), deferred<string>()];
    const ran: number[] = [];
    const work = (number: number, result: () => unknown) => () => {
      ran.push(number);
      return result();
    };
    const fail = (): never => {
      throw new Error("broken");
    };
    const calls = [
      gate.run(
        work(1, () => first.promise),
        nobodyLeaves,
      ),
      gate.run(
        work(2, () => second.promise),
        nobodyLeaves,
      ),
      gate.run(work(3, fail), nobodyLeaves),
      gate.run(
        work(4, () => 0),
        nobodyLeaves,
      ),
    ];
    expect(ran).toEqual([1, 2]);
    second.resolve("two");
    const settled = Promise.allSettled(calls.slice(1));
    expect(await settled).toEqual([
      { status: "fulfilled", value: "two" },
      { status: "rejected", reason: new Error("broken") },
      { status: "fulfilled", value: 0 },
    ]);
    first.resolve("one");
    expect(await calls[0]).toBe("one");
    expect(ran).toEqual([1, 2, 3, 4]);
  });

  test("one whose caller gave up while it waited does not run", async () => {
    const gate = new Gate("o", 1);
    const blocker = deferred();
    const controller = new AbortController();
    const running = gate.run(() => blocker.promise, nobodyLeaves);
    let ran = false;
    const left = gate.run(() => {
      ran = true;
    }, controller);
    const last = gate.run(() => "last", nobodyLeaves);
    controller.abort(new Error("gone"));
    await expect(left).rejects.toThrow("gone");
    blocker.resolve();
    await running;
    expect([await last, ran]).toEqual(["last", false]);
  });

  test("refuses when 1024 wait, and not when it has no bound", async () => {
    const gate = new Gate("o", 1);
    const blocker = deferred();
    const work = (): Promise<void> => blocker.promise;
    const calls = Array.from({ length: 1025 }, () => gate.run(work, nobodyLeaves));
    expect(() => gate.run(work, nobodyLeaves)).toThrow(
      expect.objectContaining({ code: "ELPIS_OBJECT_OVERLOADED", retryable: true }),
    );
    blocker.resolve();
    await Promise.all(calls);
    expect(await gate.run(() => "room again", nobodyLeaves)).toBe("room again");

    const open = new Gate("o");
    let ran = 0;
    for (let n = 0; n < 5000; n++) void open.run(() => ++ran, nobodyLeaves);
    expect(ran).toBe(5000);
  });

  test.each([0, -1, Number.NaN])("refuses a concurrency of %s", (concurrency) => {
    expect(() => new Gate("o", concurrency)).toThrow(
      expect.objectContaining({ code: "ELPIS_HUB_BAD_ARGUMENT" }),
    );
  });
});

describe("LastingStream", () => {
  // Only the pauses are at stake here; over a hub it is tried in the tests of objects and of the config.
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** Streams that end as soon as they have given their items. */
  function stream(of: (opening: number) => unknown[], lines: string[] = []) {
    const items: unknown[] = [];
    let [opened, cancelled] = [0, 0];
    const lasting = new LastingStream(
      {
        what: "test",
        open: () => {
          const given = of(opened++);
          const iterate = async function* () {
            for (const item of given) {
              if (item instanceof Error) throw item;
              yield item;
            }
          };
          return Object.assign(iterate(), {
            cancel: () => cancelled++,
          }) as unknown as StreamCall<unknown>;
        },
        onItem: (item, isFirst) => items.push([item, isFirst]),
      },
      createLogger({ write: (line) => lines.push(line) }),
      () => 1,
    );
    return { lasting, items, lines, opened: () => opened, cancelled: () => cancelled };
  }

  test("is opened at once, and again after growing pauses while nothing comes", async () => {
    const { lasting, opened } = stream(() => []);
    expect(opened()).toBe(1);
    for (const ms of [100, 200, 400, 800, 1600, 3200, 5000, 5000]) {
      const before = opened();
      await vi.advanceTimersByTimeAsync(ms - 1);
      expect(opened()).toBe(before);
      await vi.advanceTimersByTimeAsync(1);
      expect(opened()).toBe(before + 1);
    }
    lasting.close();
  });

  test("something that came makes the pauses short again, and the first item is told apart", async () => {
    const { lasting, items, opened } = stream((opening) => (opening < 5 ? [] : ["a", "b"]));
    await vi.advanceTimersByTimeAsync(100 + 200 + 400 + 800 + 1600);
    expect(opened()).toBe(6);
    items.length = 0;
    const before = opened();
    await vi.advanceTimersByTimeAsync(1000);
    expect(opened() - before).toBe(10);
    expect(items.slice(0, 3)).toEqual([
      ["a", true],
      ["b", false],
      ["a", true],
    ]);
    lasting.close();
  });

  test("closing it ends a pause, and nothing is opened any more", async () => {
    const { lasting, opened } = stream(() => []);
    await vi.advanceTimersByTimeAsync(10);
    expect(vi.getTimerCount()).toBe(1);
    lasting.close();
    lasting.close();
    expect(vi.getTimerCount()).toBe(0);
    lasting.wake();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(opened()).toBe(1);
  });

  test("closing it cancels the stream, whose rest is not told", async () => {
    const { lasting, items, cancelled } = stream(() => ["a", "b", "c"]);
    lasting.close();
    await vi.advanceTimersByTimeAsync(10_000);
    expect([cancelled(), items]).toEqual([1, []]);
  });

  test("waking it ends a pause at once", async () => {
    const { lasting, opened } = stream(() => []);
    await vi.advanceTimersByTimeAsync(10_000);
    const before = opened();
    lasting.wake();
    await vi.advanceTimersByTimeAsync(0);
    expect(opened()).toBe(before + 1);
    lasting.close();
  });

  test("a reason is told once, and again when it is another", async () => {
    const lines: string[] = [];
    const { lasting } = stream(
      (opening) => [Object.assign(new Error("x"), { code: opening < 3 ? "FIRST" : "SECOND" })],
      lines,
    );
    await vi.advanceTimersByTimeAsync(20_000);
    expect(lines.map((line) => /FIRST|SECOND/.exec(line)?.[0])).toEqual(["FIRST", "SECOND"]);
    lasting.close();
  });

  test("those of a client are woken when the hub is back, and end with the client", async () => {
    const changes: Array<(change: { type: string }) => void> = [];
    let close: () => void = () => {};
    const client = {
      onConnection: (listener: (change: { type: string }) => void) => changes.push(listener),
      closed: new Promise<undefined>((resolve) => {
        close = () => resolve(undefined);
      }),
    };
    const streams = new LastingStreams(
      client as unknown as Client,
      createLogger({ level: "silent" }),
    );
    let opened = 0;
    const open = () => {
      opened++;
      return (async function* () {})() as unknown as StreamCall<unknown>;
    };
    const off = streams.open({ what: "one", open, onItem: () => {} });
    streams.open({ what: "two", open, onItem: () => {} });
    await vi.advanceTimersByTimeAsync(20_000);
    const before = opened;
    for (const tell of changes) tell({ type: "lost" });
    await vi.advanceTimersByTimeAsync(0);
    expect([opened - before, changes.length]).toEqual([0, 1]);
    for (const tell of changes) tell({ type: "back" });
    await vi.advanceTimersByTimeAsync(0);
    expect(opened - before).toBe(2);
    off();
    expect(streams.size).toBe(1);
    close();
    await vi.advanceTimersByTimeAsync(0);
    expect([streams.size, vi.getTimerCount()]).toEqual([0, 0]);
    streams.open({ what: "late", open, onItem: () => {} });
    expect([streams.size, opened - before]).toEqual([0, 2]);
  });
});
