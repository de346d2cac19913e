import { hasCode } from "@elpis/api";
import {
  BodyCodec,
  bodyEnd,
  bodyStart,
  emptyFrame,
  HEADER_BYTES,
  Kind,
  RecordReader,
  readAuth,
  readChallenge,
  readGoodbye,
  readHello,
  readLocation,
  readRoute,
  readTopic,
  readWelcome,
  Splitter,
  scan,
  setSize,
  sizeOf,
} from "@elpis/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expectHarmless } from "./support/harmless.ts";
import { bytesOf, FRAMES, HOSTILE, RECORDS, VALUES } from "./support/vectors.ts";

const LIMIT = 2048;
/** The same runs every time; raise the number to look further. */
const RUNS = { seed: 20_260, numRuns: 5000 };
/** How many bodies are changed, and how; with another seed, others are. */
const MUTATIONS = Number(process.env.ELPIS_FUZZ_FRAMES ?? 50_000);
const SEED = Number(process.env.ELPIS_FUZZ_SEED ?? 20_260);
const READERS = [
  readHello,
  readChallenge,
  readAuth,
  readWelcome,
  readGoodbye,
  readLocation,
  readRoute,
  readTopic,
];

type Random = (below: number) => number;

function randomFrom(start: number): Random {
  let seed = start;
  return (below) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
}

/** Changes one to three things in a body. */
function change(body: Buffer, random: Random): void {
  for (let left = random(3); left >= 0; left--) {
    const at = random(body.length);
    const kind = random(4);
    if (kind === 0) body[at] = random(256);
    // Tokens with something behind them, and bits of lengths.
    else if (kind === 1) body[at] = 0xc0 + random(32);
    else if (kind === 2) body[at] = (body[at] as number) ^ (1 << random(8));
    else body.copyWithin(at, random(body.length));
  }
}

/** Runs something that reads what a stranger sent: it may fail, with a code of ours. */
function mayRefuse(run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!hasCode(error)) throw error;
  }
}

describe("whatever bytes come", () => {
  const sink = {
    frames(chunk: Buffer, from: number, to: number): void {
      let at = from;
      for (; at < to; at += sizeOf(chunk, at)) {
        const start = bodyStart(chunk, at);
        const end = bodyEnd(chunk, at);
        const fits = start >= at + HEADER_BYTES && start <= end && end <= at + sizeOf(chunk, at);
        if (!fits || sizeOf(chunk, at) > LIMIT) throw new Error(`unsound frame at ${at}`);
      }
      if (at !== to) throw new Error("half a frame");
    },
  };

  test("the splitter refuses them with a code, or gives sound frames", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 8 }), (chunks) => {
        const splitter = new Splitter(sink, LIMIT);
        mayRefuse(() => {
          for (const chunk of chunks) splitter.feed(Buffer.from(chunk));
        });
      }),
      RUNS,
    );
  });

  test("so it does for frames whose bytes were changed", () => {
    const change = fc.record({ at: fc.nat(), byte: fc.nat(255) });
    const sizes = fc.array(fc.nat(100), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(sizes, fc.array(change, { maxLength: 4 }), fc.nat(), (bodies, changes, cut) => {
        const stream = Buffer.concat(
          bodies.map((bytes) => {
            const frame = Buffer.concat([emptyFrame(Kind.event), Buffer.alloc(bytes)]);
            setSize(frame, 0, frame.length);
            return frame;
          }),
        );
        for (const { at, byte } of changes) stream[at % stream.length] = byte;
        const splitter = new Splitter(sink, LIMIT);
        mayRefuse(() => {
          splitter.feed(stream.subarray(0, cut % stream.length));
          splitter.feed(stream.subarray(cut % stream.length));
        });
      }),
      RUNS,
    );
  });

  test("unpacking them ends, and the next body is read as ever", () => {
    const codec = new BodyCodec();
    const frame = Buffer.from(codec.frame({ a: [1, "two", 3n] }, Kind.event, 0, 0, 0, 0));
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 120 }), (bytes) => {
        const body = Buffer.from(bytes);
        mayRefuse(() => void codec.unpack(body, 0, body.length, false));
        expect(codec.unpack(frame, HEADER_BYTES, frame.length)).toEqual({ a: [1, "two", 3n] });
      }),
      RUNS,
    );
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});

describe("whatever values come", () => {
  // Fields of every body, so that a run gets past the first of them.
  const field = fc.constantFrom(
    ...["protocol", "client", "pid", "nonce", "name", "role", "index", "epoch", "proof", "hub"],
    ...["location", "maxFrameBytes", "code", "reason", "topic", "to", "id", "app"],
  );
  const value = fc.oneof(
    fc.integer(),
    fc.string(),
    fc.constantFrom("worker", "peer", [1, 1], new Uint8Array(32), null, undefined),
    fc.uint8Array({ maxLength: 70 }),
    fc.anything({ withBigInt: true, withDate: true, maxDepth: 2 }),
  );

  test.each(READERS.map((read) => [read.name, read] as const))(
    "%s refuses them with a code, or reads them",
    (_, read) => {
      const body = fc.oneof(
        value,
        fc.dictionary(field, value),
        fc.dictionary(field, fc.dictionary(field, value)),
      );
      fc.assert(
        fc.property(body, (given) => mayRefuse(() => void read(given))),
        RUNS,
      );
    },
  );
});

describe("whatever bodies come", () => {
  const SMALL_BYTES = 4000;
  const codec = new BodyCodec();
  const values = VALUES.flatMap(({ hex, also = [] }) => [hex, ...also]).map(bytesOf);
  const frames = FRAMES.filter(({ raw }) => raw === undefined).map(({ hex }) => bytesOf(hex));
  const bodies = frames.map((frame) => frame.subarray(bodyStart(frame, 0), bodyEnd(frame, 0)));
  const hostile = HOSTILE.map(({ hex }) => bytesOf(hex));
  const small = [...values, ...bodies, ...hostile].filter(
    ({ length }) => length > 0 && length <= SMALL_BYTES,
  );

  const packed = (value: unknown): Buffer => codec.frame(value, Kind.event, 0, 0, 0, 0);

  function isRefused(run: () => void): boolean {
    try {
      run();
      return false;
    } catch (error) {
      if (!hasCode(error, "ELPIS_PROTOCOL_BAD_BODY")) throw error;
      return true;
    }
  }

  /** Whether the scan takes it; then everything else must, and so must everybody it is sent on to. */
  function isTaken(body: Buffer): boolean {
    let value: unknown;
    let unscanned: unknown;
    const refused = isRefused(() => scan(body, 0, body.length));
    const refusedLater = isRefused(() => {
      value = codec.unpack(body, 0, body.length);
    });
    if (refused !== refusedLater) throw new Error("the scan and the reader do not agree");
    const refusedUnscanned = isRefused(() => {
      unscanned = codec.unpack(body, 0, body.length, false);
    });
    expectHarmless(unscanned);
    if (refused) return false;
    if (refusedUnscanned) throw new Error("what the scan takes is refused without it");
    const again = Buffer.from(packed(value));
    const third = packed(codec.unpack(again, HEADER_BYTES, again.length));
    // Written once, it is in the one form that there is.
    if (Buffer.compare(again, third) !== 0) throw new Error("it changes when it is sent on");
    return true;
  }

  test("a body that is cut anywhere is refused", () => {
    for (const body of [...values, ...bodies].filter(({ length }) => length <= SMALL_BYTES)) {
      for (let length = 1; length < body.length; length++) {
        // In memory of its own, and in front of the rest.
        for (const part of [Buffer.from(body.subarray(0, length)), body.subarray(0, length)]) {
          if (isTaken(part)) throw new Error(`${part.toString("hex")} was taken`);
        }
      }
    }
  });

  test("a frame that comes in two parts, cut anywhere, is read as if it came whole", () => {
    const found: unknown[] = [];
    const sink = {
      frames(chunk: Buffer, from: number, to: number): void {
        for (let at = from; at < to; at += sizeOf(chunk, at)) {
          found.push(codec.unpack(chunk, bodyStart(chunk, at), bodyEnd(chunk, at)));
        }
      },
    };
    for (const frame of frames) {
      const whole = codec.unpack(frame, bodyStart(frame, 0), bodyEnd(frame, 0));
      for (let cut = 0; cut <= frame.length; cut++) {
        const splitter = new Splitter(sink, LIMIT);
        splitter.feed(Buffer.from(frame.subarray(0, cut)));
        splitter.feed(Buffer.from(frame.subarray(cut)));
        expect(found.splice(0)).toEqual([whole]);
      }
    }
  }, 30_000);

  test(`${MUTATIONS} changed bodies are refused by all, or taken by all`, () => {
    const random = randomFrom(SEED);
    let taken = 0;
    for (let run = 0; run < MUTATIONS; run++) {
      const body = Buffer.from(small[random(small.length)] as Buffer);
      change(body, random);
      try {
        if (isTaken(body)) taken++;
      } catch (error) {
        throw new Error(`run ${run} of seed ${SEED}: ${body.toString("hex")}`, { cause: error });
      }
    }
    // Otherwise this would show nothing.
    expect(taken).toBeGreaterThan(MUTATIONS / 20);
    expect(taken).toBeLessThan(MUTATIONS);
    expect(Object.keys(Object.prototype)).toEqual([]);
  }, 600_000);

  test("so are changed bodies with records, and no records are changed by them", () => {
    const { records, cases, hostile: bad } = RECORDS;
    const reader = new RecordReader();
    for (const names of records) reader.add(names);
    const known = cases.map(({ hex }) => bytesOf(hex));
    const seeds = [...known, ...bad.map(({ hex }) => bytesOf(hex))].filter(
      (body) => body.length < 100,
    );
    const first = (body: Buffer): unknown => codec.unpackWithRecords(body, 0, body.length, reader);
    const before = known.map(first);
    const random = randomFrom(SEED);
    let taken = 0;
    for (let run = 0; run < MUTATIONS / 5; run++) {
      const body = Buffer.from(seeds[random(seeds.length)] as Buffer);
      change(body, random);
      const refused = isRefused(() => scan(body, 0, body.length, records));
      expect(isRefused(() => void first(body))).toBe(refused);
      isRefused(() => expectHarmless(codec.unpackWithRecords(body, 0, body.length, reader, false)));
      if (!refused) taken++;
    }
    expect(taken).toBeGreaterThan(MUTATIONS / 100);
    expect(known.map(first)).toEqual(before);
  }, 600_000);

  test("refusing takes no memory that stays", () => {
    const { gc } = globalThis;
    const refuseAll = (): void => {
      for (const body of hostile) expect(isTaken(body)).toBe(false);
    };
    for (let round = 0; round < 3; round++) refuseAll();
    if (gc === undefined) return;
    gc();
    const before = process.memoryUsage();
    for (let round = 0; round < 10; round++) refuseAll();
    gc();
    const after = process.memoryUsage();
    expect(after.heapUsed - before.heapUsed).toBeLessThan(4 * 1024 * 1024);
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(1024 * 1024);
  }, 60_000);
});
