import { Reject, RetryLater, TooLarge } from "@elpis/api";
import { describe, expect, it } from "vitest";
import { settled } from "../support/fake-timers.ts";
import { added, Backend, counter, INTERVAL_MS, world } from "./support.ts";

const names = (count: number): string[] => Array.from({ length: count }, (_, at) => `n${at}`);
const points = (count: number) => names(count).map((name) => counter(name, 1));

describe("a reporter", () => {
  it("is handed what there is at each interval, with what is true of all of it", async () => {
    const one = world();
    const backend = new Backend();
    one.add(backend, { temporality: "delta" }, { resource: { env: "test" }, scope: "app" });
    await settled();
    expect(one.asked).toEqual([{ temporality: "delta", scope: "app" }]);
    await one.timers.advance(INTERVAL_MS - 1);
    expect(backend.taken).toEqual([]);
    one.next = [counter("a", 1)];
    await one.timers.advance(1);
    expect(backend.taken).toMatchObject([
      {
        resource: { "service.name": "shop", "host.name": expect.any(String), env: "test" },
        ...{ points: one.next, spans: [], errors: [], events: [] },
        time: 1_000_001_000,
      },
    ]);
    expect(backend.calls).toMatchObject([{ attempt: 1, deadline: 1_000_011_000 }]);
    await one.intervals(2);
    expect(new Set(backend.taken.map(({ id }) => id)).size).toBe(3);
    expect(one.host.status()).toMatchObject([
      { name: "acme", state: "ok", sent: 3, dropped: 0, lastSuccess: 1_000_003_000 },
    ]);
  });

  it("may be asked at boundaries of the clock", async () => {
    const one = world();
    const backend = new Backend();
    await one.timers.advance(300);
    const end = one.add(backend, { aligned: true });
    one.next = [counter("a", 1)];
    await settled();
    await one.timers.advance(749);
    expect(backend.taken).toHaveLength(0);
    await one.timers.advance(1);
    for (let at = 0; at < 3; at += 1) await one.timers.advance(INTERVAL_MS);
    expect(backend.taken.map(({ time }) => time % INTERVAL_MS)).toEqual([50, 50, 50, 50]);
    // A second value for the same step would be refused.
    await end();
    expect(backend.taken).toHaveLength(4);
  });

  it("has its turn at another time than others", async () => {
    const phases = [0.25, 0.75];
    const one = world(
      () => 0.5,
      () => phases.shift() ?? 1,
    );
    const [first, second] = [new Backend(), new Backend()];
    one.add(first, {}, { name: "first" });
    one.add(second, {}, { name: "second" });
    one.next = [counter("a", 1)];
    await settled();
    await one.timers.advance(3 * INTERVAL_MS);
    expect(first.taken.map(({ time }) => time % INTERVAL_MS)).toEqual([250, 250, 250]);
    expect(second.taken.map(({ time }) => time % INTERVAL_MS)).toEqual([750, 750, 750]);
  });

  it("is handed parts that are not too large", async () => {
    const one = world();
    const [few, small] = [new Backend(), new Backend()];
    one.add(few, { maxItems: 4 }, { name: "few" });
    one.add(small, { maxBytes: 1000 }, { name: "small" });
    one.next = points(10);
    await one.intervals(1);
    expect(few.taken.map((batch) => batch.points.length)).toEqual([4, 4, 2]);
    expect(few.names).toEqual(names(10));
    expect(small.names).toEqual(names(10));
    for (const batch of small.taken) {
      expect(JSON.stringify(batch.points).length).toBeLessThan(1500);
    }
  });

  it("gets no value that is no number, and no text that is too long", async () => {
    const one = world();
    const backend = new Backend();
    one.add(backend, { limits: { nameChars: 20, valueChars: 12, tags: 2 } });
    const long = "x".repeat(30);
    one.next = [
      counter("nan", Number.NaN),
      counter("endless", Number.POSITIVE_INFINITY),
      counter(`${long}1`, 1, { tags: { a: `${long}1`, b: 1, c: 2 } }),
      counter(`${long}2`, 1, { tags: { a: `${long}2`, b: 1, c: 2 } }),
      counter("fine", 1, { tags: { a: "b" } }),
    ];
    await one.intervals(1);
    expect(backend.names.map((name) => name.length)).toEqual([20, 20, 4]);
    expect(new Set(backend.names).size).toBe(3);
    const tags = backend.taken[0]?.points.map((point) => point.tags) ?? [];
    expect(tags.map((one) => Object.keys(one))).toEqual([["a", "b"], ["a", "b"], ["a"]]);
    expect(tags[0]?.a).not.toBe(tags[1]?.a);
    expect(backend.taken[0]?.points[2]).toBe(one.next[4]);
    expect(one.host.status()).toMatchObject([{ sent: 3, dropped: 2 }]);
  });

  it("gets what happens, if it wants it, and what comes in masses at once", async () => {
    const one = world();
    const [spans, all] = [new Backend(), new Backend()];
    let asked = 0;
    const off = one.host.onWanted("errors", () => {
      asked += 1;
    });
    one.add(spans, { signals: ["spans"], maxItems: 3 }, { name: "spans" });
    await settled();
    expect(asked).toBe(0);
    one.add(all, { signals: ["metrics", "spans", "errors", "events"] }, { name: "all" });
    await settled();
    expect(asked).toBe(1);
    off();
    const span = (name: string): never => ({ name, tags: {} }) as never;
    const error = { message: "no", stack: "" } as never;
    one.host.take({ spans: [span("a"), span("b")], errors: [error] });
    expect(one.host.status().map(({ queued }) => queued.items)).toEqual([2, 3]);
    one.host.take({ spans: [span("c"), span("d")] });
    await settled();
    expect(spans.taken.map((batch) => batch.spans.length)).toEqual([3, 1]);
    await one.intervals(1);
    expect(spans.taken.flatMap((batch) => batch.spans.map(({ name }) => name))).toEqual([
      ...["a", "b", "c", "d"],
    ]);
    expect(all.taken.map((batch) => batch.errors.length + batch.spans.length)).toEqual([4, 1]);
    const none = world();
    none.host.take({ spans: [span("a")] });
    expect(none.host.status()).toEqual([]);
  });

  it("that cannot be opened is tried again", async () => {
    const one = world();
    const backend = new Backend();
    let attempts = 0;
    one.host.add(
      added("acme", () => {
        attempts += 1;
        if (attempts === 2) return new Promise(() => {});
        if (attempts === 3) return { wants: { signals: ["all"] } } as never;
        if (attempts < 5) throw new Error("no such file");
        return backend.reporter();
      }),
    );
    await settled();
    expect(one.host.status()).toMatchObject([
      { state: "opening", lastError: { message: "no such file" } },
    ]);
    await one.timers.advance(1000);
    await one.timers.advance(10_000);
    expect(one.host.status()[0]?.lastError).toMatchObject({ code: "ELPIS_REPORTER_TIMEOUT" });
    await one.timers.advance(2000);
    expect(one.host.status()[0]?.lastError).toMatchObject({ code: "ELPIS_REPORTER_BAD_WANTS" });
    await one.timers.advance(60_000);
    expect(one.host.status()).toMatchObject([{ state: "ok", signals: ["metrics"] }]);
  });
});

describe("a batch that is not taken", () => {
  const failing = (...errors: readonly unknown[]) => {
    const one = world();
    const backend = new Backend();
    const left = [...errors];
    backend.answer = async () => {
      const error = left.shift();
      if (error !== undefined) throw error;
      return undefined;
    };
    return { ...one, one, backend };
  };

  it("is sent again with growing pauses, or after the time that the backend asks for", async () => {
    const { one, backend } = failing(...Array(3).fill(new RetryLater()), new RetryLater(5000));
    one.add(backend, { intervalMs: 60_000, maxItems: 1 });
    one.next = [counter("a", 1)];
    await settled();
    await one.timers.advance(60_000);
    const at: number[] = [];
    for (let ms = 0; ms < 20_000; ms += 50) {
      if (backend.calls.length > at.length) at.push(ms);
      await one.timers.advance(50);
    }
    // The pause is spread: here it is three quarters of what it is at most.
    expect(at).toEqual([0, 750, 2250, 5250, 10_500]);
    expect(backend.calls.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5]);
    expect(one.host.status()).toMatchObject([
      { state: "ok", sent: 1, retries: 4, dropped: 0, rejected: 0 },
    ]);
  });

  it("is halved until it fits; what does not fit alone is rejected", async () => {
    const one = world();
    const backend = new Backend();
    one.add(backend);
    backend.answer = async ({ points: all }) => {
      if (all.length > 2 || all.some(({ name }) => name === "n5")) throw new TooLarge();
      return undefined;
    };
    one.next = points(9);
    await one.intervals(1);
    expect(backend.names).toEqual(names(9).filter((name) => name !== "n5"));
    expect(one.host.status()).toMatchObject([{ sent: 8, rejected: 1, queued: { items: 0 } }]);
  });

  it("is rejected for good, also in part", async () => {
    const { one, backend } = failing(new Reject("wrong key"), new TypeError("a mistake"));
    one.add(backend, { maxItems: 2 });
    one.next = points(6);
    await one.intervals(1);
    expect(backend.names).toEqual(["n4", "n5"]);
    expect(one.host.status()).toMatchObject([{ sent: 2, rejected: 4, state: "ok" }]);
    backend.answer = async () => ({ rejected: 1, reason: "too old" });
    await one.intervals(1);
    expect(one.host.status()).toMatchObject([
      { sent: 5, rejected: 7, lastError: { message: "1 items were not taken: too old" } },
    ]);
  });

  const refused = new TypeError("fetch failed", {
    cause: Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" }),
  });
  const reset = new TypeError("fetch failed", {
    cause: Object.assign(new Error("socket hang up"), { code: "ECONNRESET" }),
  });
  const delta = { temporality: "delta" } as const;
  const safe = { ...delta, retry: "safe" } as const;
  const never = { retry: "never" } as const;
  it.each([
    ["cumulative, nobody listens", refused, {}, true],
    ["increments, nobody listens", refused, delta, true],
    ["cumulative, the connection broke", reset, {}, true],
    ["increments, the connection broke", reset, delta, false],
    ["increments that may come twice, the connection broke", reset, safe, true],
    ["increments, later", new RetryLater(), delta, true],
    ["a reporter that tries by itself, later", new RetryLater(), never, false],
  ])("is sent again only when that does no harm: %s", async (_, error, wants, isAgain) => {
    const { one, backend } = failing(error);
    one.add(backend, wants);
    one.next = [
      counter("a", 1, { temporality: wants === delta ? "delta" : "cumulative" } as never),
    ];
    if (wants === safe) one.next = [counter("a", 1, delta as never)];
    await one.intervals(1);
    one.next = [];
    await one.intervals(3);
    expect(one.host.status()).toMatchObject([
      { sent: isAgain ? 1 : 0, dropped: isAgain ? 0 : 1, queued: { items: 0 } },
    ]);
  });

  it("waits with others, within a bound: the oldest go, and are counted", async () => {
    const { one, backend } = failing();
    backend.answer = () => Promise.reject(new RetryLater());
    one.add(backend, {}, { queue: { items: 25 } });
    one.next = points(10);
    await one.intervals(20);
    const [status] = one.host.status();
    expect(status).toMatchObject({ state: "open", sent: 0, queued: { items: 20 }, dropped: 180 });
    expect(status?.lagMs).toBeLessThanOrEqual(2 * INTERVAL_MS);
    backend.answer = async () => undefined;
    await one.intervals(2);
    expect(one.host.status()).toMatchObject([{ state: "ok", queued: { items: 0 }, sent: 40 }]);
  });

  it("of increments keeps others from being read: they add up", async () => {
    const { one, backend } = failing();
    let reads = 0;
    backend.answer = () => Promise.reject(new RetryLater());
    Object.defineProperty(one, "next", {
      get: () => {
        reads += 1;
        return points(10);
      },
    });
    one.add(backend, delta, { queue: { items: 25 } });
    await one.intervals(20);
    expect(reads).toBe(2);
    expect(one.host.status()).toMatchObject([{ dropped: 0, queued: { items: 20 } }]);
  });
});

describe("a backend", () => {
  it("that asks for no pause, or says only its code, gets one", async () => {
    const one = world();
    const backend = new Backend();
    const errors = [
      new RetryLater(0),
      new RetryLater(-5),
      new RetryLater(Number.NaN),
      Object.assign(new Error("busy"), { code: "ELPIS_REPORTER_RETRY_LATER" }),
      Object.assign(new Error("odd"), { code: Object.create(null) }),
    ];
    backend.answer = async () => {
      const error = errors.shift();
      if (error !== undefined) throw error;
      return undefined;
    };
    one.add(backend);
    one.next = [counter("a", 1)];
    await one.intervals(1);
    one.next = [];
    expect(backend.calls).toHaveLength(1);
    await one.intervals(10);
    expect(one.host.status()).toMatchObject([{ sent: 0, rejected: 1, retries: 4 }]);
  });

  it("that has trouble with one signal gets the others", async () => {
    const one = world();
    const backend = new Backend();
    backend.answer = async ({ spans }) => {
      if (spans.length > 0) throw new RetryLater();
      return undefined;
    };
    one.add(backend, { signals: ["metrics", "spans"] });
    await settled();
    one.host.take({ spans: [{ name: "s", tags: {}, events: [], links: [] } as never] });
    one.next = [counter("a", 1)];
    await one.intervals(10);
    expect(backend.names).toHaveLength(10);
    expect(one.host.status()).toMatchObject([{ sent: 10, state: "open", queued: { items: 1 } }]);
  });

  it("whose queue is smaller than what it wants at once gets all of it, in parts", async () => {
    const one = world();
    const backend = new Backend();
    one.add(backend, {}, { queue: { items: 30 } });
    one.next = points(100);
    await one.intervals(2);
    expect(backend.names).toEqual([...names(100), ...names(100)]);
    expect(one.host.status()).toMatchObject([{ dropped: 0, sent: 200 }]);
  });

  it("that is sick again is told of again, and that it is well", async () => {
    const one = world();
    const backend = new Backend();
    one.add(backend);
    one.next = [counter("a", 1)];
    for (let round = 0; round < 2; round += 1) {
      backend.answer = () => Promise.reject(new RetryLater(undefined, "away"));
      await one.intervals(5);
      backend.answer = async () => undefined;
      await one.intervals(3);
    }
    expect(one.log.lines.map((line) => line.slice(0, 23))).toEqual([
      ...["a reporter has trouble ", "a reporter works again "],
      ...["a reporter has trouble ", "a reporter works again "],
    ]);
  });

  it("that only refuses is not down", async () => {
    const one = world();
    const backend = new Backend();
    backend.answer = () => Promise.reject(new Reject("wrong key"));
    one.add(backend);
    one.next = [counter("a", 1)];
    await one.intervals(10);
    expect(one.host.status()).toMatchObject([{ state: "failing", rejected: 10 }]);
  });
});

describe("points of others", () => {
  it("come with the next ones, chosen as those are", async () => {
    const one = world();
    const backend = new Backend();
    one.add(backend, {}, { only: { groups: ["test"] } });
    await settled();
    one.host.take({
      points: [
        counter("mine", 1),
        counter("other", 1, { group: "other" }),
        counter("delta", 1, { temporality: "delta" } as never),
      ],
    });
    await settled();
    expect(backend.calls).toHaveLength(0);
    one.next = [counter("a", 1)];
    await one.intervals(1);
    expect(backend.names).toEqual(["mine", "a"]);
    expect(backend.taken).toHaveLength(1);
    expect(one.host.status()).toMatchObject([{ dropped: 1, sent: 2 }]);
  });
});

describe("a reporter that hangs", () => {
  it("is told that its time is up, and is not called again before it comes back", async () => {
    const one = world();
    const [sick, well] = [new Backend(), new Backend()];
    const waiting: (() => void)[] = [];
    sick.answer = () => new Promise((resolve) => waiting.push(() => resolve(undefined)));
    one.add(sick, {}, { timeout: 500, name: "sick" });
    one.add(well, {}, { name: "well" });
    one.next = [counter("a", 1)];
    await one.intervals(30);
    expect(sick.calls.map(({ signal }) => signal.aborted)).toEqual([true, true]);
    expect(one.host.status()).toMatchObject([
      { state: "stuck", sent: 0, lastError: { code: "ELPIS_REPORTER_TIMEOUT" } },
      { state: "ok", sent: 30 },
    ]);
    sick.answer = async () => undefined;
    for (const back of waiting) back();
    await one.intervals(3);
    const [status] = one.host.status();
    expect(status).toMatchObject({ state: "ok", queued: { items: 0 }, sent: 33 });
  });

  it("or throws at once, or has a reader that does, costs the others nothing", async () => {
    const one = world();
    const well = new Backend();
    one.host.add(
      added("sick", () => ({
        wants: { signals: ["metrics", "spans"], intervalMs: INTERVAL_MS },
        report: () => {
          throw new Error("at once");
        },
        close: () => {
          throw new Error("at the end");
        },
      })),
    );
    one.add(well, {}, { name: "well" });
    one.next = [counter("a", 1)];
    await one.intervals(3);
    Object.defineProperty(one, "next", {
      get: () => {
        throw new Error("cannot be read");
      },
    });
    await one.intervals(1);
    one.host.take({ spans: [{ name: "x", tags: {} } as never] });
    expect(one.host.status()).toMatchObject([
      { rejected: 3, lastError: { message: "cannot be read" } },
      { sent: 3 },
    ]);
  });
});

describe("the end", () => {
  it("sends what there is once more, and drops what does not get away", async () => {
    const one = world();
    const [well, sick] = [new Backend(), new Backend()];
    const ends = [one.add(well, {}, { name: "well" }), one.add(sick, {}, { name: "sick" })];
    sick.answer = () => Promise.reject(new RetryLater());
    one.next = [counter("a", 1)];
    await one.intervals(1);
    one.next = [counter("last", 1)];
    await Promise.all(ends.map((end) => end()));
    expect(well.names).toEqual(["a", "last"]);
    expect([well.closed, sick.closed]).toEqual([1, 1]);
    await Promise.all(ends.map((end) => end()));
    expect([well.closed, sick.closed]).toEqual([1, 1]);
    expect(one.host.status()).toEqual([]);
    await one.intervals(3);
    expect(well.taken).toHaveLength(2);
  });

  it("comes within two seconds, whatever a reporter does", async () => {
    const one = world();
    const backend = new Backend();
    backend.answer = () => new Promise(() => {});
    const end = one.add(backend, { maxItems: 1 });
    one.next = points(5);
    await one.intervals(1);
    let isOver = false;
    void end().then(() => {
      isOver = true;
    });
    await one.timers.advance(1999);
    expect(isOver).toBe(false);
    await one.timers.advance(1);
    expect(isOver).toBe(true);
    expect(backend.calls.map(({ signal }) => signal.aborted)).toEqual([true]);
  });

  it("is that of a reporter that makes no sense, too", async () => {
    const one = world();
    let closed = 0;
    one.host.add(
      added("acme", () => ({
        wants: { signals: ["all"] } as never,
        report: async () => {},
        close: () => {
          closed += 1;
        },
      })),
    );
    await settled();
    await one.timers.advance(3000);
    expect(closed).toBeGreaterThan(1);
    let opened = 0;
    one.host.add(
      added("hangs", () => {
        opened += 1;
        return new Promise(() => {});
      }),
    );
    await one.timers.advance(600_000);
    expect(opened).toBe(2);
  });
});

describe("a sample", () => {
  it("goes past the queue, and what comes of it is told", async () => {
    const one = world();
    const backend = new Backend();
    one.add(backend, { signals: ["metrics", "spans", "errors", "events"] });
    expect(await one.host.test("acme")).toMatchObject({ ok: false, reason: "it is being opened" });
    await settled();
    expect(await one.host.test("acme")).toMatchObject({ ok: true, items: 4, rejected: 0 });
    expect(JSON.parse(JSON.stringify(backend.taken))).toEqual(backend.taken);
    const counts = backend.taken.map(({ points: all, spans, errors, events }) =>
      [all, spans, errors, events].map(({ length }) => length),
    );
    expect(counts).toEqual([
      [1, 0, 0, 0],
      [0, 1, 0, 0],
      [0, 0, 1, 0],
      [0, 0, 0, 1],
    ]);
    backend.answer = () => Promise.reject(new Reject("wrong key"));
    expect(await one.host.test("acme")).toMatchObject({
      ...{ ok: false, items: 4, rejected: 4 },
      ...{ reason: "wrong key", code: "ELPIS_REPORTER_REJECTED" },
    });
    await expect(one.host.test("other")).rejects.toMatchObject({
      code: "ELPIS_REPORTER_UNKNOWN",
      message: expect.stringContaining("acme"),
    });
  });
});

describe("secrets", () => {
  it("are in no status, no answer and no log", async () => {
    const one = world();
    const secret = "s3cr3t/licence+key";
    let isLong = false;
    const backend = new Backend();
    const own = {
      ...{ headers: { authorization: `Bearer ${secret}` }, apiKey: "abcd1234" },
      ...{ url: "http://me:pass9876@x/?a=1", password: 'quo"ted' },
    };
    one.host.add(
      added(
        "acme",
        (options, { log }) => {
          log.info(`opened with ${secret}`, { options, error: new Error(secret) });
          log.child({ own: options as never }).warn("x", { deep: [{ secret }] });
          return backend.reporter();
        },
        {},
        own,
      ),
    );
    one.next = [counter("a", 1)];
    backend.answer = async () => {
      const base64 = Buffer.from("abcd1234").toString("base64");
      const quoted = [
        encodeURIComponent(secret),
        "pass9876",
        base64,
        'quo\\"ted',
        "Basic bWU6eW91",
      ];
      const address = "http://u:pw123456@h/?token=tt99";
      const text = `no: ${secret} ${quoted.join(" ")} ${address} `;
      throw new Reject(isLong ? `${"x ".repeat(100_000)}${text}` : `${text}${secret.slice(0, 9)}`);
    };
    await one.intervals(2);
    const test = await one.host.test("acme");
    isLong = true;
    await one.intervals(1);
    const all = JSON.stringify([one.host.status(), test, one.log.lines]);
    expect(all).toContain("(hidden)");
    const parts = ["s3cr3t", "abcd1234", "pw123456", "tt99", "pass9876", "YWJjZDEyMzQ", "bWU6eW91"];
    for (const part of [...parts, "ted Basic"]) expect(all).not.toContain(part);
    expect(all.length).toBeLessThan(30_000);
  });
});
