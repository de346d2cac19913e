import {
  BodyCodec,
  bodyEnd,
  bodyStart,
  emptyFrame,
  Kind,
  Splitter,
  sizeOf,
  topicOf,
} from "@elpis/protocol";
import { describe, expect, test } from "vitest";
import type { Link } from "../src/wire/link.ts";
import { Outbox } from "../src/wire/outbox.ts";
import { Random } from "./support/random.ts";

/** Keeps what is written, as the operating system would. */
class RecordingLink implements Link {
  queuedBytes = 0;
  readonly writes: Buffer[][] = [];

  write(pieces: readonly Buffer[], bytes: number): void {
    const total = pieces.reduce((sum, piece) => sum + piece.length, 0);
    if (total !== bytes) throw new Error(`${bytes} bytes announced, ${total} written`);
    this.writes.push(pieces.map((piece) => Buffer.from(piece)));
  }

  start(): void {}
  onDrain(): void {}
  end(): void {}
  destroy(): void {}
  unref(): void {}
}

const codec = new BodyCodec();

function frameOf(value: unknown, topic = 0): Buffer {
  return codec.frame(value, Kind.event, topic, 0, 0, 0);
}

/** What the other side gets: topic and body of each frame. */
function received(link: RecordingLink): Array<{ topic: number; body: unknown }> {
  const found: Array<{ topic: number; body: unknown }> = [];
  const frames = (chunk: Buffer, from: number, to: number): void => {
    for (let at = from; at < to; at += sizeOf(chunk, at)) {
      const body = codec.unpack(Buffer.from(chunk), bodyStart(chunk, at), bodyEnd(chunk, at));
      found.push({ topic: topicOf(chunk, at), body });
    }
  };
  const splitter = new Splitter({ frames }, 1 << 24);
  splitter.feed(Buffer.concat(link.writes.flat()));
  expect(splitter.pendingBytes).toBe(0);
  return found;
}

function nextTick(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

describe("Outbox", () => {
  test("writes once per turn what was pushed in it", async () => {
    const link = new RecordingLink();
    const outbox = new Outbox(link);
    for (let topic = 0; topic < 5; topic++) outbox.pushFresh(frameOf("x", topic));
    outbox.push(emptyFrame(Kind.ping, 5));
    expect(link.writes).toHaveLength(0);
    await nextTick();
    expect(link.writes).toHaveLength(1);
    outbox.pushFresh(frameOf("x", 6));
    await nextTick();
    expect(link.writes).toHaveLength(2);
    expect(received(link).map(({ topic }) => topic)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  test("writes nothing when there is nothing, and not again what was flushed", async () => {
    const link = new RecordingLink();
    const outbox = new Outbox(link);
    outbox.flush();
    outbox.push(emptyFrame(Kind.ping));
    outbox.flush();
    await nextTick();
    expect(link.writes).toHaveLength(1);
  });

  test("frames that the packer made one after another leave as one piece", () => {
    const link = new RecordingLink();
    const outbox = new Outbox(link);
    const packer = new BodyCodec();
    // Lengths of every remainder, so that every gap is filled.
    const texts = Array.from({ length: 32 }, (_, length) => "x".repeat(length));
    for (const text of texts) outbox.pushFresh(packer.frame(text, Kind.event, 0, 0, 0, 0));
    outbox.flush();
    expect(link.writes.map((pieces) => pieces.length)).toEqual([1]);
    expect(received(link).map(({ body }) => body)).toEqual(texts);
  });

  test("does not join what lies elsewhere, or what has not been packed last", () => {
    const link = new RecordingLink();
    const outbox = new Outbox(link);
    outbox.pushFresh(frameOf("first", 1));
    outbox.push(emptyFrame(Kind.ping, 2));
    outbox.pushFresh(frameOf("third", 3));
    outbox.pushFresh(frameOf(new Uint8Array(2000), 4));
    outbox.pushFresh(frameOf("fifth", 5));
    outbox.flush();
    expect(link.writes[0]?.length).toBe(5);
    expect(received(link).map(({ topic }) => topic)).toEqual([1, 2, 3, 4, 5]);
  });

  test("keeps the order of pushing where it is not that of packing", () => {
    const link = new RecordingLink();
    const outbox = new Outbox(link);
    const [first, second, third] = [frameOf("first"), frameOf("second"), frameOf("third")];
    for (const frame of [third, second, first]) outbox.pushFresh(frame);
    outbox.flush();
    expect(received(link).map(({ body }) => body)).toEqual(["third", "second", "first"]);
  });

  test("leaves out a frame that was made and never pushed", () => {
    const link = new RecordingLink();
    const outbox = new Outbox(link);
    outbox.pushFresh(frameOf("first", 1));
    frameOf("", 2);
    outbox.pushFresh(frameOf("third", 3));
    outbox.flush();
    expect(received(link).map(({ body }) => body)).toEqual(["first", "third"]);
  });

  test("does not change frames that have been written", async () => {
    const link = new RecordingLink();
    const outbox = new Outbox(link);
    const frame = frameOf("odd", 1);
    outbox.pushFresh(frame);
    outbox.flush();
    const before = Buffer.from(frame);
    outbox.pushFresh(frameOf("next", 2));
    outbox.flush();
    expect(frame.equals(before)).toBe(true);
  });

  test("counts what waits in it and in the link", () => {
    const link = new RecordingLink();
    const outbox = new Outbox(link);
    link.queuedBytes = 1000;
    outbox.push(Buffer.alloc(100));
    expect(outbox.queuedBytes).toBe(1100);
    outbox.flush();
    expect(outbox.queuedBytes).toBe(1000);
    const packer = new BodyCodec();
    const first = packer.frame("odd", Kind.event, 0, 0, 0, 0);
    const second = packer.frame("odd", Kind.event, 0, 0, 0, 0);
    outbox.pushFresh(first);
    outbox.pushFresh(second);
    // The gap between the two has been filled and is written too.
    expect(second.byteOffset - first.byteOffset).toBe(40);
    expect(outbox.queuedBytes - 1000).toBe(40 + second.length);
  });
});

test("seeded: whatever is pushed arrives whole and in order, 500 runs", () => {
  for (let run = 0; run < 500; run++) {
    const random = new Random(run);
    const link = new RecordingLink();
    const outbox = new Outbox(link);
    const sent: Array<{ topic: number; body: unknown }> = [];
    for (let topic = 1; topic <= 40; topic++) {
      const body =
        random.int(12) === 0 ? "y".repeat(random.int(20_000)) : "z".repeat(random.int(40));
      const choice = random.int(10);
      if (choice === 0) frameOf(body, topic);
      else if (choice === 1) outbox.flush();
      else {
        const frame = choice === 2 ? emptyFrame(Kind.event, topic) : frameOf(body, topic);
        sent.push({ topic, body: choice === 2 ? undefined : body });
        if (choice === 3) outbox.push(frame);
        else outbox.pushFresh(frame);
      }
    }
    outbox.flush();
    expect(received(link), `run ${run}`).toEqual(sent);
  }
});
