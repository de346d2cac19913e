import { hasCode } from "@elpis/api";
import {
  BodyCodec,
  bodyEnd,
  bodyStart,
  emptyFrame,
  HEADER_BYTES,
  Kind,
  readAuth,
  readChallenge,
  readGoodbye,
  readHello,
  readLocation,
  readRoute,
  readTopic,
  readWelcome,
  Splitter,
  setSize,
  sizeOf,
} from "@elpis/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

const LIMIT = 2048;
/** The same runs every time; raise the number to look further. */
const RUNS = { seed: 20_260, numRuns: 5000 };
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
        try {
          codec.unpack(body, 0, body.length);
        } catch (error) {
          // Whose code it is, is for those who unpack to say.
          expect(error).toBeInstanceOf(Error);
        }
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
