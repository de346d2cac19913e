import type { Location } from "@elpis/api";
import { describe, expect, test } from "vitest";
import { Handler } from "../src/client/handler.ts";
import { IncomingRequest } from "../src/client/incoming.ts";
import { Random } from "./support/random.ts";

const FROM: Location = {
  id: 1,
  app: "shop",
  role: "worker",
  name: "web",
  index: 0,
  pid: 1,
  epoch: 1,
};
const request = (correlation = 0): IncomingRequest =>
  new IncomingRequest("topic", FROM, Number.POSITIVE_INFINITY, correlation);

describe("Handler", () => {
  test("runs at once up to its bound, then in line, in order, as others are done", () => {
    const handler = new Handler(() => {}, { concurrency: 2, queue: 2 });
    const ran: number[] = [];
    const admitted = [0, 1, 2, 3, 4].map((n) => handler.admit(request(n), () => ran.push(n)));
    expect(admitted).toEqual([true, true, true, true, false]);
    expect(ran).toEqual([0, 1]);
    handler.done();
    expect(ran).toEqual([0, 1, 2]);
    // One place in line is free again.
    expect(handler.admit(request(5), () => ran.push(5))).toBe(true);
    for (let left = 0; left < 4; left++) handler.done();
    expect(ran).toEqual([0, 1, 2, 3, 5]);
    expect(handler.admit(request(6), () => ran.push(6))).toBe(true);
    expect(ran.at(-1)).toBe(6);
  });

  test("without options nothing waits", () => {
    const handler = new Handler(() => {});
    let ran = 0;
    for (let n = 0; n < 5000; n++) handler.admit(request(), () => ran++);
    expect(ran).toBe(5000);
  });

  test("lets 1024 wait unless told otherwise, and none with a queue of 0", () => {
    const admitted = (options: { concurrency: number; queue?: number }): number => {
      const handler = new Handler(() => {}, options);
      let count = 0;
      while (handler.admit(request(), () => {})) count++;
      return count;
    };
    expect(admitted({ concurrency: 1 })).toBe(1025);
    expect(admitted({ concurrency: 3, queue: 0 })).toBe(3);
  });

  test("a call that was dropped does not run, and those behind it move up", () => {
    const handler = new Handler(() => {}, { concurrency: 1 });
    const ran: string[] = [];
    const [first, second, third] = [request(1), request(2), request(3)];
    handler.admit(first, () => ran.push("first"));
    handler.admit(second, () => ran.push("second"));
    handler.admit(third, () => ran.push("third"));
    handler.drop(second);
    // It runs already: dropping it changes nothing.
    handler.drop(first);
    handler.done();
    expect(ran).toEqual(["first", "third"]);
  });

  test.each([
    [{ concurrency: 0 }, "concurrency"],
    [{ concurrency: Number.NaN }, "concurrency"],
    [{ queue: -1 }, "queue"],
    [{ queue: Number.NaN }, "queue"],
  ])("refuses %o", (options, name) => {
    expect(() => new Handler(() => {}, options)).toThrow(
      expect.objectContaining({
        code: "ELPIS_HUB_BAD_ARGUMENT",
        message: expect.stringContaining(name),
      }),
    );
  });

  test("seeded: never over its bounds, order kept, nobody forgotten, 1000 runs", () => {
    for (let seed = 1; seed <= 1000; seed++) {
      const random = new Random(seed);
      const concurrency = 1 + random.int(4);
      const queue = random.int(6);
      const handler = new Handler(() => {}, { concurrency, queue });
      const line: IncomingRequest[] = [];
      const ran: IncomingRequest[] = [];
      let running = 0;
      const run = (wanted: IncomingRequest) => (): void => {
        running++;
        ran.push(wanted);
      };
      const check = (holds: boolean): void => {
        if (!holds) throw new Error(`seed ${seed}: ${running} run, ${line.length} wait`);
      };
      for (let step = 0; step < 100; step++) {
        const choice = random.int(5);
        if (choice < 3) {
          const wanted = request(step);
          const isFree = running < concurrency;
          check(handler.admit(wanted, run(wanted)) === (isFree || line.length < queue));
          if (!isFree && line.length < queue) line.push(wanted);
        } else if (choice === 3 && running > 0) {
          running--;
          handler.done();
          const next = line.shift();
          check(next === undefined || ran.at(-1) === next);
        } else if (line.length > 0) {
          const [unwanted] = line.splice(random.int(line.length), 1);
          handler.drop(unwanted as IncomingRequest);
        }
        check(running <= concurrency && (line.length === 0 || running === concurrency));
      }
    }
  });
});

describe("IncomingRequest", () => {
  test("its signal tells a handler that nobody waits, whenever it looks", () => {
    const early = request();
    const { signal } = early;
    expect(signal.aborted).toBe(false);
    early.abort();
    expect(signal.aborted).toBe(true);
    expect(signal.reason).toMatchObject({ code: "ELPIS_HUB_CANCELLED" });

    const late = request();
    late.abort();
    expect(late.signal.aborted).toBe(true);
    expect(late.signal).toBe(late.signal);
  });
});
