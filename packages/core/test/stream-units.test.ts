import { getEventListeners } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import type { Location, StandardSchema, StreamContext } from "@elpis/api";
import {
  BodyCodec,
  bodyEnd,
  bodyStart,
  codeOf,
  emptyFrame,
  Fault,
  Flag,
  Kind,
  kindName,
  kindOf,
  LANE_BYTES,
  remainingOf,
  setFlags,
  topicOf,
} from "@elpis/protocol";
import { describe, expect, test } from "vitest";
import { Checks } from "../src/client/checks.ts";
import { OpenedStream } from "../src/client/stream-call.ts";
import { Fifo } from "../src/client/stream-queue.ts";
import { SendingHalf } from "../src/client/stream-sender.ts";
import { StreamServer, Streams } from "../src/client/streams.ts";
import { createLogger } from "../src/logger.ts";
import { deferred } from "./support/hub-kit.ts";

const FROM: Location = { id: 9, app: "t", role: "worker", name: "p", index: 0, pid: 1, epoch: 1 };
const MAX_FRAME_BYTES = 1024 * 1024;
const codec = new BodyCodec();
const nobody = { waiting: () => undefined };

/** What left over a connection. */
class Wire {
  readonly maxFrameBytes = MAX_FRAME_BYTES;
  readonly frames: Buffer[] = [];
  readonly send = (frame: Buffer): void => {
    this.frames.push(Buffer.from(frame));
  };

  /** Names of the kinds that left since the last call. */
  take(): string[] {
    return this.frames.splice(0).map((frame) => kindName(kindOf(frame, 0)));
  }
}

const numbers: StandardSchema = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) =>
      typeof value === "number"
        ? { value: value + 1000 }
        : { issues: [{ message: "not a number" }] },
  },
};
const slowNumbers: StandardSchema = {
  "~standard": {
    ...numbers["~standard"],
    // The later ones are known earlier.
    validate: async (value) => {
      for (let left = 10 - Number(value); left > 0; left--) await null;
      return numbers["~standard"].validate(value);
    },
  },
};

function checksOf(part: "input" | "item" | "sent", schema: StandardSchema): Checks {
  const checks = new Checks();
  checks.add({ s: { [part]: schema } });
  return checks;
}

function openedOn(wire: Wire, checks?: Checks, window?: number): OpenedStream {
  const options = window === undefined ? {} : { window };
  const stream = new OpenedStream("s", 0, options, MAX_FRAME_BYTES, checks);
  stream.opened(0, wire);
  return stream;
}

function item(value: unknown, flags: number = Flag.served): Buffer {
  const frame = Buffer.from(codec.frame(value, Kind.data, 0, 0, 0, 0));
  setFlags(frame, 0, flags);
  return frame;
}

function credit(items: number): Buffer {
  return emptyFrame(Kind.credit, items, 0, 0, LANE_BYTES);
}

/** A served stream whose frames arrive by hand. */
function serveOn(
  wire: Wire,
  serve: (input: unknown, context: StreamContext<unknown>) => AsyncIterable<unknown>,
  checks?: Checks,
  input: unknown = 1,
): Streams {
  const streams = new Streams(createLogger({ level: "silent" }));
  const frame = Buffer.from(codec.frame(input, Kind.open, 0, 0, 0, 0));
  const service = { topic: "s", handler: new StreamServer(serve) };
  streams.open(service, frame, 0, { from: FROM, port: wire, checks, arriving: undefined });
  return streams;
}

describe("OpenedStream", () => {
  test("grants its window behind the opening, and again when what came was taken", async () => {
    const wire = new Wire();
    const stream = openedOn(wire, undefined, 8);
    const [first] = wire.frames as [Buffer];
    expect([topicOf(first, 0), remainingOf(first, 0)]).toEqual([8, LANE_BYTES]);
    wire.take();
    for (let n = 0; n < 8; n++) stream.data(item(n), 0);
    expect(wire.take()).toEqual([]);
    const reader = stream[Symbol.asyncIterator]();
    for (let n = 0; n < 3; n++) expect(await reader.next()).toEqual({ done: false, value: n });
    expect(wire.take()).toEqual([]);
    await reader.next();
    expect(topicOf(wire.frames[0] as Buffer, 0)).toBe(4);
  });

  test("a server that sends beyond its credit ends the stream, behind what was good", async () => {
    const wire = new Wire();
    const stream = openedOn(wire, undefined, 2);
    for (let n = 0; n < 3; n++) stream.data(item(n), 0);
    expect(wire.take()).toEqual(["credit", "cancel"]);
    expect(stream.data(item(3), 0)).toBe(false);
    const reader = stream[Symbol.asyncIterator]();
    expect((await reader.next()).value).toBe(0);
    expect((await reader.next()).value).toBe(1);
    await expect(reader.next()).rejects.toMatchObject({ code: "ELPIS_PROTOCOL_INVALID" });
    expect(await reader.next()).toEqual({ done: true, value: undefined });
  });

  test("an item that does not read ends the stream", async () => {
    const wire = new Wire();
    const stream = openedOn(wire);
    const broken = item("text");
    broken[bodyStart(broken, 0)] = 0xc1;
    stream.data(broken, 0);
    expect(wire.take()).toEqual(["credit", "cancel"]);
    await expect(stream[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: "ELPIS_HUB_BAD_PAYLOAD",
    });
  });

  test("`end` leaves behind the last item, once, and nothing may be sent after it", async () => {
    const wire = new Wire();
    const stream = openedOn(wire);
    void stream.send("a");
    void stream.send("b");
    stream.end();
    stream.end();
    await expect(stream.send("c")).rejects.toMatchObject({ code: "ELPIS_HUB_BAD_ARGUMENT" });
    stream.credit(credit(1), 0);
    expect(wire.take()).toEqual(["credit", "data"]);
    stream.credit(credit(9), 0);
    expect(wire.take()).toEqual(["data", "end"]);
  });

  test("what waits for credit is bounded for those who do not wait for `send`", async () => {
    const stream = openedOn(new Wire());
    let failure: unknown;
    for (let n = 0; n < 20 && failure === undefined; n++) {
      stream.send(new Uint8Array(1_000_000)).catch((error: unknown) => {
        failure = error;
      });
      await turn();
    }
    expect(failure).toMatchObject({ code: "ELPIS_HUB_OVERLOADED" });
    await expect(stream[Symbol.asyncIterator]().next()).rejects.toBe(failure);
  });

  test("one that was cancelled before it could be opened is cancelled when it is", () => {
    const wire = new Wire();
    const stream = new OpenedStream("s", 0, {}, MAX_FRAME_BYTES);
    stream.cancel();
    stream.opened(0, wire);
    expect(wire.take()).toEqual(["cancel"]);
  });

  test("its signal is let go when it ends", () => {
    const { signal } = new AbortController();
    const stream = new OpenedStream("s", 0, { signal }, MAX_FRAME_BYTES);
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    stream.opened(0, new Wire());
    stream.answer();
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  test("items are what their schema makes of them, in order though it takes its time", async () => {
    const wire = new Wire();
    const stream = openedOn(wire, checksOf("item", slowNumbers));
    for (const value of [1, 5, 9, "x"]) stream.data(item(value), 0);
    const reader = stream[Symbol.asyncIterator]();
    const results = await Promise.all([reader.next(), reader.next(), reader.next()]);
    expect(results.map(({ value }) => value)).toEqual([1001, 1005, 1009]);
    await expect(reader.next()).rejects.toMatchObject({ code: "ELPIS_HUB_BAD_PAYLOAD" });
    expect(wire.take().at(-1)).toBe("cancel");
    expect((await reader.next()).done).toBe(true);
  });

  test.each([
    ["at once", numbers],
    ["later", slowNumbers],
  ])("what is sent leaves as it was, approved %s and in order", async (_, schema) => {
    const wire = new Wire();
    const stream = openedOn(wire, checksOf("sent", schema));
    stream.credit(credit(9), 0);
    wire.take();
    const sends = [stream.send(1), stream.send(5), stream.send(9)];
    stream.end();
    await Promise.all(sends);
    await turn();
    const sent = wire.frames.map((frame) =>
      codec.unpack(frame, bodyStart(frame, 0), bodyEnd(frame, 0)),
    );
    expect(sent).toEqual([1, 5, 9, undefined]);
    expect(wire.take()).toEqual(["data", "data", "data", "end"]);
    const other = openedOn(wire, checksOf("sent", schema));
    await expect(other.send("x")).rejects.toMatchObject({ code: "ELPIS_HUB_BAD_PAYLOAD" });
    await expect(other[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: "ELPIS_HUB_BAD_PAYLOAD",
    });
    expect(wire.take()).toEqual(["credit", "cancel"]);
  });
});

describe("ServedStream", () => {
  test("asks its iterator for one item at a time, and for none without credit", async () => {
    const wire = new Wire();
    let asked = 0;
    let pending = 0;
    let most = 0;
    const streams = serveOn(wire, () => ({
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          asked++;
          most = Math.max(most, ++pending);
          await turn();
          pending--;
          return { done: false, value: asked };
        },
      }),
    }));
    expect(asked).toBe(0);
    for (let n = 0; n < 3; n++) streams.frame(credit(1), 0, nobody);
    for (let n = 0; n < 10; n++) await turn();
    expect({ asked, most }).toEqual({ asked: 3, most: 1 });
    expect(wire.take()).toEqual(["data", "data", "data"]);
    streams.cancel(0);
    expect(streams.size).toBe(0);
    expect(codeOf(wire.frames[0] as Buffer, 0)).toBe(Fault.cancelled);
  });

  test("grants nothing until `incoming` is read; who sends beyond it ends the stream", async () => {
    const wire = new Wire();
    let failure: unknown;
    const go = deferred();
    const streams = serveOn(wire, async function* (_, { incoming }) {
      yield "begin";
      await go.promise;
      try {
        for await (const _item of incoming) await new Promise(() => {});
      } catch (error) {
        failure = error;
      }
    });
    streams.frame(credit(9), 0, nobody);
    await turn();
    expect(wire.take()).toEqual(["data"]);
    streams.frame(item(1, 0), 0, nobody);
    // Nothing was granted: it had no right to send.
    expect(wire.take()).toEqual(["fault"]);
    expect(streams.size).toBe(0);
    go.resolve();
    await turn();
    expect(failure).toMatchObject({ code: "ELPIS_PROTOCOL_INVALID" });
    streams.frame(item(2, 0), 0, nobody);
    expect(streams.stray).toBe(1);
  });

  test("leaving the loop over `incoming` ends neither the stream nor what it sends", async () => {
    const wire = new Wire();
    const streams = serveOn(wire, async function* (_, { incoming }) {
      for await (const item of incoming) {
        yield item;
        break;
      }
      yield "more";
    });
    streams.frame(credit(9), 0, nobody);
    await turn();
    expect(wire.take()).toEqual(["credit"]);
    streams.frame(item("a", 0), 0, nobody);
    await turn();
    expect(wire.take()).toEqual(["credit", "data", "data", "reply"]);
  });

  test.each([
    ["at once", numbers],
    ["later", slowNumbers],
  ])("input, items and what is sent are checked, %s", async (_, schema) => {
    const wire = new Wire();
    const inputs: unknown[] = [];
    const echo = async function* (input: unknown, { incoming }: StreamContext<unknown>) {
      inputs.push(input);
      for await (const item of incoming) yield item;
    };
    const settle = async (): Promise<void> => {
      for (let n = 0; n < 4; n++) await turn();
    };
    serveOn(wire, echo, checksOf("input", schema)).frame(credit(9), 0, nobody);
    await settle();
    expect(inputs).toEqual([1001]);
    serveOn(wire, echo, checksOf("input", schema), "x");
    await settle();
    expect(codeOf(wire.frames.at(-1) as Buffer, 0)).toBe(Fault.badPayload);
    for (const part of ["item", "sent"] as const) {
      const streams = serveOn(wire, echo, checksOf(part, schema));
      streams.frame(credit(9), 0, nobody);
      await settle();
      wire.take();
      streams.frame(item(1, 0), 0, nobody);
      await settle();
      const data = wire.frames.find((frame) => kindOf(frame, 0) === Kind.data) as Buffer;
      const value = codec.unpack(data, bodyStart(data, 0), bodyEnd(data, 0));
      expect(value).toBe(part === "item" ? 1 : 1001);
      wire.take();
      streams.frame(item("x", 0), 0, nobody);
      await settle();
      const last = wire.frames.at(-1) as Buffer;
      expect([kindOf(last, 0), codeOf(last, 0)]).toEqual([Kind.fault, Fault.badPayload]);
      expect(streams.size).toBe(0);
      wire.take();
    }
  });
});

describe("SendingHalf", () => {
  test("has no room once it was ended or stopped", () => {
    for (const way of ["end", "stop"] as const) {
      const left: unknown[] = [];
      const half = new SendingHalf({
        data: () => left.push("data"),
        end: () => left.push("end"),
        room: () => left.push("room"),
      });
      half.begin();
      half.grant(2, 100);
      half.push(Buffer.alloc(1));
      expect(half.hasRoom).toBe(true);
      half[way]();
      half.push(Buffer.alloc(1));
      half.grant(2, 100);
      expect(half.hasRoom).toBe(false);
      expect(left).toEqual(way === "end" ? ["room", "data", "end"] : ["room", "data"]);
    }
  });
});

describe("Fifo", () => {
  test("gives back in order, however it grows and shrinks", () => {
    const queue = new Fifo<number>();
    let pushed = 0;
    let taken = 0;
    for (let round = 0; round < 200; round++) {
      for (let n = 0; n < round % 17; n++) queue.push(pushed++);
      for (let n = 0; n < round % 13 && queue.size > 0; n++) expect(queue.shift()).toBe(taken++);
      expect(queue.size).toBe(pushed - taken);
    }
    while (taken < pushed) expect(queue.shift()).toBe(taken++);
    expect(queue.shift()).toBeUndefined();
  });
});
