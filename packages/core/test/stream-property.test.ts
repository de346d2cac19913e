import { setImmediate as turn } from "node:timers/promises";
import { type ElpisError, hasCode, type Location, type StreamContext } from "@elpis/api";
import {
  BodyCodec,
  bodyEnd,
  bodyStart,
  codeOf,
  correlationOf,
  emptyFrame,
  Fault,
  Flag,
  flagsOf,
  Kind,
  kindOf,
  setCode,
  setCorrelation,
} from "@elpis/protocol";
import { describe, expect, it } from "vitest";
import { faultError } from "../src/client/faults.ts";
import { IncomingRequest } from "../src/client/incoming.ts";
import { OpenedStream } from "../src/client/stream-call.ts";
import type { StreamPort } from "../src/client/stream-frames.ts";
import type { ServedStream } from "../src/client/stream-served.ts";
import { StreamServer, Streams } from "../src/client/streams.ts";
import { hubClosed } from "../src/errors.ts";
import { createLogger } from "../src/logger.ts";
import { Random } from "./support/random.ts";

const RUNS = Number(process.env.ELPIS_PROPERTY_RUNS ?? 3000);
const STEPS = 14;
const MAX_FRAME_BYTES = 1024 * 1024;
const FROM: Location = { id: 9, app: "t", role: "peer", name: "p", index: 0, pid: 1, epoch: 1 };
const log = createLogger({ level: "silent" });

/** As `expect`, which would take most of the time of a run. */
function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(`does not hold: ${what}`);
}

/** One stream as the one who opened it sees it, and what the hub knows of it. */
interface Opened {
  readonly stream: OpenedStream;
  readonly input: number;
  readonly reader: AsyncIterator<unknown>;
  readonly abort: AbortController;
  readonly outcomes: Array<number | "done" | "failed" | undefined>;
  readonly sends: Array<"sent" | "refused" | undefined>;
  answers: number;
  /** Items that the hub has passed on to the caller. */
  passed: number;
  /** Nothing but the handler has ended it. */
  isIntact: boolean;
  /** The hub waits for the callee's answer. */
  isOpen: boolean;
  /** The caller waits for the hub's. */
  isAwaited: boolean;
  isLeft: boolean;
}

/**
 * Whole streams from one end to the other: what one opens, what another serves, and between them a hub that is as simple
 * as it can be. Each direction is in order by itself; everything else comes at random.
 */
class World {
  readonly random: Random;
  readonly concurrency: number;
  readonly spare = new IncomingRequest("s", FROM, 0, 0);
  readonly codec = new BodyCodec();
  readonly served = new Streams(log);
  readonly server: StreamServer;
  readonly port: StreamPort;
  readonly opened: Opened[] = [];
  readonly toCaller: Buffer[] = [];
  readonly toCallee: Buffer[] = [];
  started = 0;
  cleaned = 0;
  begunInVain = 0;
  hasCallee = true;
  items = 0;

  constructor(seed: number) {
    this.random = new Random(seed);
    this.concurrency = 1 + this.random.int(3);
    const window = this.random.pick([1, 3, 256]) as number;
    const { concurrency } = this;
    const serve = (input: unknown, context: StreamContext<unknown>) => this.serve(input, context);
    this.server = new StreamServer(serve, { concurrency, window });
    this.port = {
      maxFrameBytes: MAX_FRAME_BYTES,
      send: (frame) => this.fromCallee(Buffer.from(frame)),
    };
  }

  /** Some handlers; each yields 0, 1, 2, … */
  serve(input: unknown, context: StreamContext<unknown>): AsyncIterable<number> | Iterable<number> {
    if ((context as ServedStream).answered) this.begunInVain++;
    const count = this.random.int(40);
    switch (input) {
      case 0:
        return Array.from({ length: count }, (_, n) => n);
      case 1:
        return this.counted(count);
      case 2:
        return this.echoed(context);
      case 3:
        return this.counted(count, new Error("broken"));
      case 4:
        return this.counted(Number.POSITIVE_INFINITY);
      case 5:
        return this.stuck(context);
      default:
        return this.numbers(count);
    }
  }

  *numbers(count: number): Iterable<number> {
    this.started++;
    try {
      for (let n = 0; n < count; n++) yield n;
    } finally {
      this.cleaned++;
    }
  }

  async *counted(count: number, error?: Error): AsyncIterable<number> {
    this.started++;
    try {
      for (let n = 0; n < count; n++) {
        if (n % 3 === 0) await null;
        yield n;
      }
      if (error !== undefined) throw error;
    } finally {
      this.cleaned++;
    }
  }

  async *echoed({ incoming }: StreamContext<unknown>): AsyncIterable<number> {
    this.started++;
    try {
      let expected = 0;
      for await (const item of incoming) {
        must(item === expected++, "what is sent comes in order");
        yield item as number;
      }
    } finally {
      this.cleaned++;
    }
  }

  async *stuck({ signal }: StreamContext<unknown>): AsyncIterable<number> {
    this.started++;
    try {
      yield 0;
      await new Promise((_, reject) => {
        if (signal.aborted) reject(signal.reason);
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    } finally {
      this.cleaned++;
    }
  }

  step(): void {
    const chance = this.random.int(100);
    const opened = this.random.pick(this.opened);
    if (opened !== undefined && chance >= 80 && chance < 96) opened.isIntact = false;
    if (opened === undefined || (chance < 15 && this.opened.length < 4)) this.open();
    else if (chance < 40) this.deliver();
    else if (chance < 60) this.read(opened, 1 + this.random.int(20));
    else if (chance < 75) this.send(opened);
    else if (chance < 80) opened.stream.end();
    else if (chance < 83) opened.stream.cancel("test");
    else if (chance < 86) opened.abort.abort();
    else if (chance < 89) this.leaveLoop(opened);
    else if (chance < 92) this.hubGivesUp(opened, Fault.deadline);
    else if (chance < 94) this.hubGivesUp(opened, Fault.overloaded);
    else if (chance < 96) this.loseCaller(opened);
    else if (chance < 97) this.loseCallee();
  }

  leaveLoop({ reader, stream }: Opened): void {
    void reader.return?.();
    must(stream.isOver, "who leaves the loop cancels");
  }

  open(): void {
    const abort = new AbortController();
    const window = this.random.pick([1, 5, 256]) as number;
    const options = { window, signal: abort.signal };
    const stream = new OpenedStream("s", 0, options, MAX_FRAME_BYTES);
    const correlation = this.opened.length;
    const input = this.random.int(7);
    const opened: Opened = {
      stream,
      input,
      reader: stream[Symbol.asyncIterator](),
      abort,
      outcomes: [],
      sends: [],
      answers: 0,
      passed: 0,
      isIntact: this.hasCallee,
      isOpen: this.hasCallee,
      isAwaited: true,
      isLeft: false,
    };
    this.opened.push(opened);
    if (!this.hasCallee) {
      this.fault(correlation, opened, Fault.noResponder);
    } else {
      this.toCallee.push(
        Buffer.from(this.codec.frame(input, Kind.open, 0, correlation + 100, 0, 0)),
      );
    }
    // What is said before there is a connection must not be lost.
    if (this.random.int(4) === 0) this.send(opened);
    if (this.random.int(4) === 0) stream.end();
    if (this.random.int(4) === 0) this.read(opened, 2);
    stream.opened(correlation, {
      maxFrameBytes: MAX_FRAME_BYTES,
      send: (frame) => this.fromCaller(Buffer.from(frame)),
    });
  }

  read(opened: Opened, count: number): void {
    const { reader, outcomes } = opened;
    for (let n = 0; n < count; n++) {
      const at = outcomes.push(undefined) - 1;
      reader.next().then(
        ({ done, value }) => {
          outcomes[at] = done === true ? "done" : (value as number);
        },
        (error: unknown) => {
          must(hasCode(error), "the error is one of ours");
          outcomes[at] = "failed";
        },
      );
    }
  }

  send({ stream, sends }: Opened): void {
    for (let n = this.random.int(8); n >= 0; n--) {
      const at = sends.push(undefined) - 1;
      stream.send(at).then(
        () => {
          sends[at] = "sent";
        },
        () => {
          sends[at] = "refused";
        },
      );
    }
  }

  /** The hub takes a frame of the one who opened a stream. */
  fromCaller(frame: Buffer): void {
    const correlation = correlationOf(frame, 0);
    const opened = this.opened[correlation] as Opened;
    const kind = kindOf(frame, 0);
    must(!opened.isLeft, "who has left says nothing");
    if (kind === Kind.cancel) return this.hubGivesUp(opened, Fault.cancelled);
    must(kind === Kind.data || kind === Kind.end || kind === Kind.credit, "a frame of a stream");
    must(flagsOf(frame, 0) === 0, "not served from here");
    if (!opened.isAwaited || !opened.isOpen) return;
    setCorrelation(frame, 0, correlation + 100);
    this.toCallee.push(frame);
  }

  /** The hub takes a frame of the one who serves. */
  fromCallee(frame: Buffer): void {
    if (!this.hasCallee) return;
    const correlation = correlationOf(frame, 0) - 100;
    const opened = this.opened[correlation] as Opened;
    const kind = kindOf(frame, 0);
    must(opened.answers === 0, "nothing comes behind the answer");
    setCorrelation(frame, 0, correlation);
    if (kind === Kind.reply || kind === Kind.fault) {
      opened.answers++;
      opened.isOpen = false;
    } else {
      must(kind === Kind.data || kind === Kind.credit, "a frame of a stream");
      must(flagsOf(frame, 0) === Flag.served, "served from there");
    }
    if (!opened.isAwaited) return;
    if (kind === Kind.data) opened.passed++;
    if (!opened.isOpen) opened.isAwaited = false;
    this.toCaller.push(frame);
  }

  hubGivesUp(opened: Opened, fault: Fault): void {
    if (!opened.isAwaited) return;
    const correlation = this.opened.indexOf(opened);
    this.fault(correlation, opened, fault);
    if (opened.isOpen) this.toCallee.push(emptyFrame(Kind.cancel, 0, correlation + 100));
  }

  fault(correlation: number, opened: Opened, fault: Fault): void {
    opened.isAwaited = false;
    const frame = emptyFrame(Kind.fault, 0, correlation);
    setCode(frame, 0, fault);
    if (!opened.isLeft) this.toCaller.push(frame);
  }

  loseCaller(opened: Opened): void {
    if (opened.isLeft) return;
    opened.isLeft = true;
    opened.stream.give(hubClosed("test"));
    this.hubGivesUp(opened, Fault.peerLost);
  }

  loseCallee(): void {
    if (!this.hasCallee) return;
    this.hasCallee = false;
    this.toCallee.length = 0;
    for (const [correlation, opened] of this.opened.entries()) {
      opened.isOpen = false;
      if (opened.isAwaited) opened.isIntact = false;
      if (opened.isAwaited) this.fault(correlation, opened, Fault.peerLost);
    }
    this.served.abortAll(hubClosed("test"));
  }

  deliver(): void {
    for (let n = this.random.int(12); n >= 0; n--) {
      const toCaller = this.random.int(2) === 0;
      const frame = (toCaller ? this.toCaller : this.toCallee).shift();
      if (frame === undefined) continue;
      if (toCaller) this.atCaller(frame);
      else this.atCallee(frame);
    }
  }

  atCallee(frame: Buffer): void {
    const kind = kindOf(frame, 0);
    if (kind === Kind.open) {
      const service = { topic: "s", handler: this.server };
      const { port } = this;
      this.served.open(service, frame, 0, {
        from: FROM,
        port,
        checks: undefined,
        arriving: undefined,
      });
    } else if (kind === Kind.cancel) this.served.cancel(correlationOf(frame, 0));
    else this.served.frame(frame, 0, { waiting: () => undefined });
  }

  atCaller(frame: Buffer): void {
    const { stream, isLeft } = this.opened[correlationOf(frame, 0)] as Opened;
    const kind = kindOf(frame, 0);
    if (isLeft) return;
    if (kind === Kind.reply) {
      stream.answer();
    } else if (kind === Kind.fault) {
      const body = this.codec.unpack(frame, bodyStart(frame, 0), bodyEnd(frame, 0));
      stream.fail(faultError(codeOf(frame, 0), body, stream, FROM) as ElpisError);
    } else {
      this.served.frame(frame, 0, { waiting: () => stream });
    }
  }

  /** Everything arrives and everybody ends. */
  async settle(): Promise<void> {
    for (const { stream } of this.opened) stream.end();
    for (let round = 0; round < 1000; round++) {
      while (this.toCaller.length + this.toCallee.length > 0) this.deliver();
      for (const opened of this.opened) {
        const isEndless = opened.input === 4 || opened.input === 5;
        if (round > 20 && isEndless && !opened.stream.isOver) {
          opened.isIntact = false;
          opened.stream.cancel();
        }
        if (opened.outcomes.at(-1) !== undefined || opened.outcomes.length === 0) {
          this.read(opened, 8);
        }
      }
      await turn();
      if (round > 0 && this.opened.every(isFinished) && this.served.size === 0) break;
    }
    while (this.toCaller.length + this.toCallee.length > 0) this.deliver();
    await turn();
  }

  check(): void {
    must(this.served.size === 0, "no stream is left where it was served");
    must(this.begunInVain === 0, "nothing is begun that is over");
    must(this.started === this.cleaned, "every handler cleans up");
    for (let n = 0; n < this.concurrency; n++) {
      let runs = false;
      this.server.admit(this.spare, () => {
        runs = true;
      });
      must(runs, "every turn is given back");
    }
    this.server.admit(this.spare, () => must(false, "no turn is given back twice"));
    for (const opened of this.opened) {
      const { outcomes, sends, answers, isOpen, isAwaited, stream } = opened;
      must(!isOpen && !isAwaited, "the hub has no call open");
      must(answers <= 1 && (answers === 1 || !this.hasCallee), "one answer");
      must(stream.isOver, "the stream is over");
      must(!outcomes.includes(undefined), "every reader got something");
      const items = outcomes.filter((outcome) => typeof outcome === "number");
      must(
        items.every((item, n) => item === n && outcomes[n] === n),
        "order",
      );
      must(outcomes.filter((outcome) => outcome === "failed").length <= 1, "one error");
      must(!opened.isIntact || items.length === opened.passed, "nothing is lost");
      must(!sends.includes(undefined), "every send is settled");
      this.items += items.length;
    }
  }
}

function isFinished({ outcomes }: Opened): boolean {
  const last = outcomes.at(-1);
  return last === "done" || last === "failed";
}

describe("streams from one end to the other", () => {
  it(`end once at both ends, in order, with nothing left over, in ${RUNS} random runs`, async () => {
    let items = 0;
    for (let seed = 1; seed <= RUNS; seed++) {
      const world = new World(seed);
      try {
        for (let step = 0; step < STEPS; step++) {
          world.step();
          // Handlers and readers get on now and then.
          if (world.random.int(3) === 0) await turn();
        }
        await world.settle();
        world.check();
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error });
      }
      items += world.items;
    }
    expect(items).toBeGreaterThan(RUNS * 5);
  }, 120_000);
});
