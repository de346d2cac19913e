import { hasCode } from "@elpis/api";
import { LANE_BYTES } from "@elpis/protocol";
import { describe, expect, it } from "vitest";
import { ReceivingHalf } from "../src/client/stream-receiver.ts";
import { SendingHalf } from "../src/client/stream-sender.ts";
import { hubClosed } from "../src/errors.ts";
import { Random } from "./support/random.ts";

const RUNS = Number(process.env.ELPIS_PROPERTY_RUNS ?? 10_000);
const STEPS = 80;
const SIZES = [33, 64, 1000, 100_000, 600_000, 2_000_000] as const;

/** As `expect`, which would take most of the time of a run. */
function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(`does not hold: ${what}`);
}

type Outcome = number | "done" | "failed";

/**
 * The two halves of one direction with a slow way between them, each direction in order by itself. A run does things at
 * random, then lets everything arrive. Everything that crosses is counted, and compared with what may be.
 */
class World {
  readonly random: Random;
  readonly window: number;
  readonly sender: SendingHalf;
  readonly receiver: ReceivingHalf<number>;
  /** On their way: an item as its frame, `end` as undefined. */
  readonly forward: Array<Buffer | undefined> = [];
  readonly back: Array<readonly [items: number, bytes: number]> = [];
  /** What each `next` gave, by the order of the calls. */
  readonly outcomes: Array<Outcome | undefined> = [];
  pushed = 0;
  sent = 0;
  sentBytes = 0;
  accepted = 0;
  acceptedBytes = 0;
  granted = 0;
  grantedBytes = 0;
  ends = 0;
  lefts = 0;
  /** One of the two ends was ended in another way than by the last item. */
  isBroken = false;
  isEnded = false;

  constructor(seed: number) {
    this.random = new Random(seed);
    this.window = this.random.pick([1, 2, 7, 64, 256]) as number;
    this.sender = new SendingHalf({
      data: (frame) => {
        this.sent++;
        this.sentBytes += frame.length;
        must(this.sent <= this.granted, "items within credit");
        must(this.sentBytes - frame.length < this.grantedBytes, "bytes within credit");
        this.forward.push(frame);
      },
      end: () => {
        this.ends++;
        this.forward.push(undefined);
      },
      room: () => must(this.sender.hasRoom, "room"),
    });
    this.receiver = new ReceivingHalf<number>(this.window, {
      grant: (items, bytes) => {
        must(!this.receiver.isOver, "nothing is granted behind the end");
        this.granted += items;
        this.grantedBytes += bytes;
        this.back.push([items, bytes]);
      },
      left: () => this.lefts++,
    });
    this.sender.begin();
    if (this.random.int(2) === 0) this.receiver.begin();
  }

  step(): void {
    const chance = this.random.int(100);
    if (chance < 35) this.push();
    else if (chance < 60) this.arrive();
    else if (chance < 75) this.arriveBack();
    else if (chance < 96) this.read();
    else if (chance < 97) this.sender.end();
    else if (chance < 98 && this.random.int(4) === 0) this.break();
    this.checkCredit();
  }

  /** What is granted is the window and what was taken, but for less than a batch. */
  checkCredit(): void {
    const held = this.sent - this.accepted + this.receiver.waiting;
    must(held <= this.window, "window");
    if (this.receiver.isOver || this.granted === 0) return;
    const owed = this.window + this.accepted - this.receiver.waiting - this.granted;
    must(owed >= 0, "credit of items");
    must(owed < Math.min(64, Math.ceil(this.window / 2)), "credit of items");
    // Every byte that is not granted again is in the queue, or taken and below a batch.
    const owedBytes = LANE_BYTES + this.acceptedBytes - this.grantedBytes;
    must(owedBytes >= 0, "credit of bytes");
    if (this.receiver.waiting > 0) return;
    must(owed === 0 && owedBytes === 0, "an empty queue owes nothing");
  }

  push(): void {
    for (let n = this.random.int(20); n >= 0 && this.sender.isOpen; n--) {
      const length = this.random.int(20) === 0 ? this.random.pick(SIZES) : 64;
      // The halves look at the length only.
      this.sender.push({ length, number: this.pushed++ } as unknown as Buffer);
    }
  }

  arrive(): void {
    for (let n = this.random.int(20); n >= 0 && this.forward.length > 0; n--) {
      const frame = this.forward.shift();
      if (this.receiver.isOver) continue;
      if (frame === undefined) {
        this.isEnded = true;
        this.receiver.end();
      } else {
        const { number } = frame as unknown as { number: number };
        this.accepted++;
        this.acceptedBytes += frame.length;
        must(this.receiver.accept(number, frame.length), "what was granted is accepted");
      }
    }
  }

  arriveBack(): void {
    const credit = this.back.shift();
    if (credit !== undefined) this.sender.grant(...credit);
  }

  read(): void {
    for (let n = this.random.int(12); n >= 0; n--) {
      const at = this.outcomes.push(undefined) - 1;
      if (this.random.int(4) === 0) this.receiver.begin();
      const settle = (outcome: Outcome): void => {
        must(this.outcomes[at] === undefined, "one result for each reader");
        this.outcomes[at] = outcome;
      };
      this.receiver.next().then(
        (result) => settle(result.done === true ? "done" : result.value),
        (error: unknown) => {
          must(hasCode(error, "ELPIS_HUB_CLOSED"), "the error is the one given");
          settle("failed");
        },
      );
    }
  }

  break(): void {
    this.isBroken = true;
    const way = this.random.int(4);
    if (way === 0) {
      const lefts = this.lefts + (this.receiver.isOver ? 0 : 1);
      void this.receiver.return();
      must(this.lefts === lefts, "whoever leaves before the end is told of");
    }
    if (way === 1) this.receiver.end(hubClosed("test"));
    if (way === 2) this.receiver.stop(hubClosed("test"));
    // The other end learns of it now, or after some frames more.
    if (way === 3 || this.random.int(2) === 0) this.sender.stop();
    if (way === 3) this.receiver.end(hubClosed("test"));
  }

  /** Everything arrives, and is read. */
  async settle(): Promise<void> {
    this.sender.end();
    this.receiver.begin();
    for (let idle = 0; idle < 2; ) {
      const before = this.sent + this.granted + this.ends;
      while (this.forward.length > 0) this.arrive();
      while (this.back.length > 0) this.arriveBack();
      while (this.receiver.waiting > 0) this.read();
      idle = this.sent + this.granted + this.ends === before ? idle + 1 : 0;
    }
    if (this.isBroken) this.receiver.end();
    this.read();
    await Promise.resolve();
    await Promise.resolve();
  }

  check(): void {
    const { outcomes } = this;
    must(!outcomes.includes(undefined), "every reader got something");
    // Items come in order and before the end, and an error to one reader only.
    const items = outcomes.filter((outcome) => typeof outcome === "number");
    must(
      items.every((item, n) => item === n && outcomes[n] === n),
      "order",
    );
    const failures = outcomes.filter((outcome) => outcome === "failed").length;
    must(failures <= (this.isBroken ? 1 : 0), "one error");
    must(this.ends <= 1, "one end");
    must(this.lefts <= 1, "left once");
    if (this.isBroken) return;
    must(this.isEnded, "the end arrives");
    must(items.length === this.pushed, "everything is read");
    must(this.sent === this.pushed, "everything is sent");
  }
}

describe("the two halves of a stream", () => {
  it(`keep order, window and credit, and end once, in ${RUNS} random runs`, async () => {
    let items = 0;
    let broken = 0;
    for (let seed = 1; seed <= RUNS; seed++) {
      const world = new World(seed);
      try {
        for (let step = 0; step < STEPS; step++) world.step();
        await world.settle();
        world.check();
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error });
      }
      items += world.sent;
      if (world.isBroken) broken++;
    }
    expect(items).toBeGreaterThan(RUNS * 50);
    expect(broken).toBeGreaterThan(RUNS / 20);
  }, 60_000);
});
