import { BodyCodec, correlationOf, emptyFrame, Kind, kindOf, Splitter } from "@elpis/protocol";
import { describe, expect, test } from "vitest";
import type { Link } from "../src/wire/link.ts";
import { Outbox } from "../src/wire/outbox.ts";
import { Random } from "./support/random.ts";

/** Takes what it is given when it is told to, as a socket does whose other side does not read. */
class SlowLink implements Link {
  queuedBytes = 0;
  readonly taken: Buffer[] = [];
  readonly #queue: Buffer[] = [];
  #onDrain: () => void = () => {};

  write(pieces: readonly Buffer[], bytes: number): void {
    expect(bytes).toBe(pieces.reduce((sum, { length }) => sum + length, 0));
    this.#queue.push(...pieces);
    this.queuedBytes += bytes;
  }

  onDrain(listener: () => void): void {
    this.#onDrain = listener;
  }

  take(): void {
    if (this.queuedBytes === 0) return;
    this.taken.push(...this.#queue.splice(0));
    this.queuedBytes = 0;
    this.#onDrain();
  }

  takeAll(): void {
    while (this.queuedBytes > 0) this.take();
  }

  start(): void {}
  end(): void {}
  destroy(): void {}
  unref(): void {}

  /** Kind and correlation of each whole frame that was taken. */
  frames(): Array<readonly [number, number]> {
    const found: Array<readonly [number, number]> = [];
    const frames = (chunk: Buffer, from: number, to: number): void => {
      for (let at = from; at < to; at += chunk.readUInt32LE(at)) {
        found.push([kindOf(chunk, at), correlationOf(chunk, at)]);
      }
    };
    const splitter = new Splitter({ frames }, 1 << 24);
    splitter.feed(Buffer.concat(this.taken));
    expect(splitter.pendingBytes).toBe(0);
    return found;
  }
}

const codec = new BodyCodec();
const data = (bytes: number, correlation: number): Buffer =>
  Buffer.from(codec.frame(new Uint8Array(bytes), Kind.data, 0, correlation, 0, 0));
const urgent = (correlation: number): Buffer => emptyFrame(Kind.cancel, 0, correlation);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** An outbox with a full link and 20 frames behind it. */
async function heldUp(): Promise<{ link: SlowLink; outbox: Outbox }> {
  const link = new SlowLink();
  const outbox = new Outbox(link);
  outbox.push(data(100_000, 0));
  await turn();
  for (let n = 1; n <= 20; n++) outbox.push(data(50_000, n));
  await turn();
  return { link, outbox };
}

describe("an outbox whose link is slow", () => {
  test("lets what is urgent overtake what waits, and keeps the order of the rest", async () => {
    const { link, outbox } = await heldUp();
    outbox.pushUrgent(urgent(100));
    outbox.pushUrgent(urgent(101));
    link.takeAll();
    await turn();
    link.takeAll();
    const order = link.frames().map(([, correlation]) => correlation);
    expect(order).toEqual([0, 100, 101, ...Array.from({ length: 20 }, (_, n) => n + 1)]);
    expect(outbox.queuedBytes).toBe(0);
  });

  test("lets nothing overtake what it is about", async () => {
    const { link, outbox } = await heldUp();
    const after = outbox.position;
    outbox.pushUrgent(urgent(100), after);
    outbox.pushUrgent(urgent(101), 0);
    // Many that overtake do not make it look as if the others had gone.
    for (let n = 0; n < 500; n++) outbox.pushUrgent(urgent(200));
    outbox.pushUrgent(urgent(102), after);
    link.takeAll();
    await turn();
    link.takeAll();
    const order = link.frames().map(([, correlation]) => correlation);
    expect(order.slice(0, 2)).toEqual([0, 101]);
    expect(order.slice(-2)).toEqual([100, 102]);
  });

  test("never parts the pieces of one frame", async () => {
    const random = new Random(7);
    for (let run = 0; run < 50; run++) {
      const link = new SlowLink();
      const outbox = new Outbox(link);
      outbox.push(data(100_000, 0));
      await turn();
      let sent = 1;
      for (let step = 0; step < 60; step++) {
        const frame = data(1 + random.int(300_000), sent++);
        const cut = 32 + random.int(frame.length - 32);
        outbox.push(frame.subarray(0, cut));
        outbox.push(frame.subarray(cut));
        if (random.int(2) === 0) {
          outbox.pushUrgent(urgent(1_000_000));
          sent++;
        }
        if (random.int(3) === 0) await turn();
        if (random.int(4) === 0) link.take();
      }
      while (outbox.queuedBytes > 0) {
        link.takeAll();
        await turn();
      }
      expect(link.frames()).toHaveLength(sent);
    }
  });

  test("hands everything over when it is closed", async () => {
    const { link, outbox } = await heldUp();
    outbox.pushUrgent(urgent(100));
    outbox.flushAll();
    expect(outbox.queuedBytes).toBe(link.queuedBytes);
    link.takeAll();
    expect(link.frames()).toHaveLength(22);
  });

  test("says when all of it has gone, and not before", async () => {
    const { link, outbox } = await heldUp();
    let told = 0;
    outbox.onDrain = () => told++;
    link.take();
    expect([told, outbox.queuedBytes > 0]).toEqual([0, true]);
    while (outbox.queuedBytes > 0) {
      link.takeAll();
      await turn();
    }
    expect(told).toBe(1);
  });
});
