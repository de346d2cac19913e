import { randomBytes } from "node:crypto";
import type { Batch } from "@elpis/api";
import { describe, expect, it } from "vitest";
import { openTo } from "../support/open.ts";
import { Receiver } from "../support/receiver.ts";
import {
  batch,
  call,
  counter,
  error,
  event,
  gauge,
  histogram,
  NOW,
  span,
} from "../support/samples.ts";

const now = (): number => NOW;
const HOUR = 3_600_000;
const many = (count: number): Record<string, number> =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`tag${at}`, at]));

describe("a resource", () => {
  it("spoils no block: what does not fit is cut or left out", async () => {
    await using receiver = await Receiver.start(now);
    const reporter = await openTo(receiver.url);
    const resource = {
      ...{ "service.name": "s".repeat(5000), ["k".repeat(256)]: 1, "": 2, good: 3 },
      ...{ large: 2 ** 63, nothing: Number.NaN, long: "v".repeat(5000) },
    };
    const all = { points: [counter()], spans: [span()], errors: [error()], events: [event()] };
    expect(await reporter.report(batch({ ...all, resource }), call())).toBeUndefined();
    expect(receiver.complaints).toEqual([]);
    const [block] = receiver.taken[0]?.body ?? [];
    expect(Object.keys(block.common.attributes).sort()).toEqual(["good", "long", "service.name"]);
    expect(block.common.attributes.long).toHaveLength(4096);
    expect(receiver.taken).toHaveLength(3);
  });
});

describe("what New Relic would throw away", () => {
  // One good point goes with each, so that the batch as a whole is taken.
  it.each<[string, Partial<Batch>, string]>([
    ["a count of what is no number", { points: [counter({ value: Number.NaN })] }, "no number"],
    ["a count that falls", { points: [counter({ value: -1 })] }, "it counts backwards"],
    ["a total", { points: [counter({ temporality: "cumulative" })] }, "it counts since its start"],
    ["a gauge without end", { points: [gauge({ value: Number.POSITIVE_INFINITY })] }, "no number"],
    ["a summary of what is no number", { points: [histogram({ sum: Number.NaN })] }, "no number"],
    ["a name of 256 characters", { points: [gauge({ name: "n".repeat(256) })] }, "its name"],
    ["no name", { points: [gauge({ name: "" })] }, "its name"],
    [
      "a point of three days ago",
      { points: [gauge({ time: NOW - 72 * HOUR })] },
      "older than 48 h",
    ],
    ["a point of tomorrow", { points: [gauge({ time: NOW + 25 * HOUR })] }, "24 h ahead"],
    ["a point at no time", { points: [gauge({ time: Number.NaN })] }, "older than 48 h"],
    ["150 tags and a source", { points: [gauge({ tags: many(150) })] }, "more than 150 attributes"],
    ["a value of 4097", { points: [gauge({ tags: { a: "v".repeat(4097) } })] }, "is too long"],
    ["a name of a tag of 256", { points: [gauge({ tags: { ["k".repeat(256)]: 1 } })] }, "too long"],
    ["a tag that is no number", { points: [gauge({ tags: { a: Number.NaN } })] }, "is no number"],
    ["a span of last week", { spans: [span({ start: NOW - 168 * HOUR })] }, "older than 48 h"],
    ["a span without end", { spans: [span({ durationMs: Number.NaN })] }, "no number"],
    ["an event of last week", { events: [event({ time: NOW - 168 * HOUR })] }, "older than 48 h"],
    ["an error of last week", { errors: [error({ time: NOW - 168 * HOUR })] }, "older than 48 h"],
  ])("is counted and not sent: %s", async (_, bad, reason) => {
    await using receiver = await Receiver.start(now);
    const reporter = await openTo(receiver.url);
    const points = [counter({ name: "good" }), ...(bad.points ?? [])];
    const report = await reporter.report(batch({ ...bad, points }), call());
    expect(report).toEqual({ rejected: 1, reason: expect.stringContaining(reason) });
    expect(receiver.complaints).toEqual([]);
    expect(receiver.metrics.map(({ name }) => name)).toEqual(["good"]);
    expect(receiver.posts).toBe(1);
  });

  it("is refused as a whole when nothing else is there", async () => {
    await using receiver = await Receiver.start(now);
    const reporter = await openTo(receiver.url);
    const bad = batch({ points: [counter({ value: -1 }), gauge({ value: Number.NaN })] });
    await expect(reporter.report(bad, call())).rejects.toMatchObject({
      code: "ELPIS_REPORTER_REJECTED",
      message: "1: it counts backwards; 1: it is no number",
    });
    expect(receiver.posts).toBe(0);
  });

  it("is not a histogram in which nothing was recorded: there is nothing to tell", async () => {
    await using receiver = await Receiver.start(now);
    const reporter = await openTo(receiver.url);
    const points = [histogram({ count: 0, sum: 0, min: Number.NaN, max: Number.NaN })];
    expect(await reporter.report(batch({ points }), call())).toBeUndefined();
    expect(receiver.posts).toBe(0);
  });
});

describe("what is at the edge", () => {
  it("is sent: 255 characters, 150 attributes, 4096 characters, 48 h, 24 h", async () => {
    await using receiver = await Receiver.start(now);
    const reporter = await openTo(receiver.url);
    const points = [
      gauge({ name: "n".repeat(255) }),
      // 3 of the resource, app, process and unit.
      gauge({ tags: many(144) }),
      gauge({ tags: { a: "v".repeat(4096) } }),
      gauge({ time: NOW - 48 * HOUR }),
      gauge({ time: NOW + 24 * HOUR }),
    ];
    expect(await reporter.report(batch({ points }), call())).toBeUndefined();
    expect(receiver.complaints).toEqual([]);
    expect(receiver.metrics).toHaveLength(5);
  });

  it("is a long stack, which is cut", async () => {
    await using receiver = await Receiver.start(now);
    const reporter = await openTo(receiver.url);
    await reporter.report(batch({ errors: [error({ stack: "x".repeat(5000) })] }), call());
    expect(receiver.complaints).toEqual([]);
    expect(receiver.events[0]?.["error.stack"]).toBe(`${"x".repeat(4095)}…`);
  });
});

describe("a batch over 1 MB", () => {
  /** Random, so that it cannot be packed. */
  const noise = (): string => randomBytes(2048).toString("hex");

  it("is too large before anything was sent", async () => {
    await using receiver = await Receiver.start(now);
    const reporter = await openTo(receiver.url);
    const events = Array.from({ length: 600 }, () => event({ tags: { noise: noise() } }));
    const large = batch({ points: [counter()], events });
    await expect(reporter.report(large, call())).rejects.toMatchObject({
      code: "ELPIS_REPORTER_TOO_LARGE",
    });
    expect(receiver.posts).toBe(0);
    const half = batch({ points: [counter()], events: events.slice(0, 300) });
    expect(await reporter.report(half, call())).toBeUndefined();
    expect(receiver.taken.every(({ bytes }) => bytes <= 1_000_000)).toBe(true);
  });

  it("is refused when it is one item, since that cannot be divided", async () => {
    await using receiver = await Receiver.start(now);
    const reporter = await openTo(receiver.url);
    /** 4096 characters that take 14 bits each, however they are packed. */
    const dense = (): string => {
      const bytes = randomBytes(8192);
      const words = Array.from({ length: 4096 }, (_, at) => bytes.readUInt16LE(at * 2));
      return String.fromCharCode(...words.map((word) => 0x4e00 + (word % 0x5000)));
    };
    const tags = Object.fromEntries(Array.from({ length: 142 }, (_, at) => [`t${at}`, dense()]));
    await expect(reporter.report(batch({ events: [event({ tags })] }), call())).rejects.toThrow(
      /\d{7} bytes are more than 1000000 at once/,
    );
    expect(receiver.posts).toBe(0);
  });
});
