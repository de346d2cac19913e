import { hasCode } from "@elpis/api";
import { HEADER_BYTES, kindOf, Splitter, setKind, sizeOf, writeHeader } from "@elpis/protocol";
import { describe, expect, test } from "vitest";

const LIMIT = 4096;

/** mulberry32: the same choices in every run with the same seed. */
function randomInts(seed: number): (n: number) => number {
  let state = seed >>> 0;
  return (n) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * n);
  };
}

function frameOf(bodyBytes: number, fill: number): Buffer {
  const frame = Buffer.alloc(HEADER_BYTES + bodyBytes, fill);
  writeHeader(frame, 0, frame.length, 0x20, fill, fill, 0, 0);
  return frame;
}

/** Keeps what comes out, frame by frame, each as a copy. */
function collector(maxFrameBytes: number = LIMIT): { splitter: Splitter; frames: Buffer[] } {
  const frames: Buffer[] = [];
  const sink = {
    frames(chunk: Buffer, from: number, to: number): void {
      if (from >= to) throw new Error("no frames at all");
      let at = from;
      for (; at < to; at += sizeOf(chunk, at)) {
        frames.push(Buffer.from(chunk.subarray(at, at + sizeOf(chunk, at))));
      }
      if (at !== to) throw new Error("half a frame");
    },
  };
  return { splitter: new Splitter(sink, maxFrameBytes), frames };
}

function thrown(run: () => void): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

describe("Splitter", () => {
  const small = [0, 1, 7, 0, 300, 33, 2, 64].map((bytes, index) => frameOf(bytes, index + 1));
  const stream = Buffer.concat(small);

  test("a stream cut at every byte position gives the same frames", () => {
    for (let cut = 0; cut <= stream.length; cut++) {
      const { splitter, frames } = collector();
      splitter.feed(stream.subarray(0, cut));
      splitter.feed(stream.subarray(cut));
      expect(splitter.pendingBytes).toBe(0);
      expect(Buffer.concat(frames).equals(stream)).toBe(true);
      expect(frames).toHaveLength(small.length);
    }
  });

  test("a stream that comes byte by byte gives the same frames", () => {
    const { splitter, frames } = collector();
    for (let at = 0; at < stream.length; at++) splitter.feed(stream.subarray(at, at + 1));
    expect(frames).toEqual(small);
  });

  test("three pieces, cut anywhere in two neighbouring frames, give the same frames", () => {
    const two = [frameOf(9, 1), frameOf(21, 2)];
    const bytes = Buffer.concat(two);
    for (let first = 0; first <= bytes.length; first++) {
      for (let second = first; second <= bytes.length; second++) {
        const { splitter, frames } = collector();
        splitter.feed(bytes.subarray(0, first));
        splitter.feed(bytes.subarray(first, second));
        splitter.feed(bytes.subarray(second));
        if (frames.length !== 2 || !Buffer.concat(frames).equals(bytes)) {
          throw new Error(`cut at ${first} and ${second}: ${frames.length} frames`);
        }
      }
    }
  });

  test("seeded: frames of any size in chunks of any size, 2000 runs", () => {
    for (let seed = 1; seed <= 2000; seed++) {
      const int = randomInts(seed);
      const sizes = Array.from({ length: 1 + int(12) }, () =>
        int(4) === 0 ? int(LIMIT - HEADER_BYTES + 1) : int(80),
      );
      const sent = sizes.map((bytes, index) => frameOf(bytes, index & 0xff));
      const bytes = Buffer.concat(sent);
      const { splitter, frames } = collector();
      const longest = 1 + int(int(2) === 0 ? 50 : 6000);
      for (let at = 0; at < bytes.length; ) {
        const end = Math.min(bytes.length, at + int(longest + 1));
        // Each chunk in memory of its own, which is then used for something else.
        const chunk = Buffer.from(bytes.subarray(at, end));
        splitter.feed(chunk);
        chunk.fill(0xff);
        at = end;
      }
      if (frames.length !== sent.length || !Buffer.concat(frames).equals(bytes)) {
        throw new Error(`seed ${seed}: ${frames.length} of ${sent.length} frames`);
      }
      expect(splitter.pendingBytes).toBe(0);
    }
  });

  test("frames that lie in one chunk come together, without a copy", () => {
    const calls: Array<[Buffer, number, number]> = [];
    const splitter = new Splitter({ frames: (...call) => calls.push(call) }, LIMIT);
    splitter.feed(stream);
    expect(calls).toHaveLength(1);
    expect(calls[0]?.[0]).toBe(stream);
    expect(calls[0]?.slice(1)).toEqual([0, stream.length]);
  });

  test("says how much of an unfinished frame it keeps", () => {
    const { splitter, frames } = collector();
    const frame = frameOf(100, 1);
    splitter.feed(frame.subarray(0, 10));
    expect(splitter.pendingBytes).toBe(10);
    splitter.feed(frame.subarray(10, 50));
    expect(splitter.pendingBytes).toBe(50);
    splitter.feed(frame.subarray(50));
    expect(splitter.pendingBytes).toBe(0);
    expect(frames).toHaveLength(1);
  });

  test("an empty chunk is nothing", () => {
    const { splitter, frames } = collector();
    splitter.feed(Buffer.alloc(0));
    splitter.feed(stream.subarray(0, 40));
    splitter.feed(Buffer.alloc(0));
    splitter.feed(stream.subarray(40));
    expect(frames).toHaveLength(small.length);
  });
});

describe("a broken frame", () => {
  const good = frameOf(20, 1);
  const broken = (size: number, padding = 0, extension = 0): Buffer => {
    const header = frameOf(0, 2);
    header.writeUInt32LE(size, 0);
    header[7] = padding;
    header.writeUInt16LE(extension, 28);
    return header;
  };
  const cases: ReadonlyArray<readonly [string, Buffer, string]> = [
    ["says 0 bytes", broken(0), "ELPIS_PROTOCOL_INVALID"],
    ["is smaller than its header", broken(31), "ELPIS_PROTOCOL_INVALID"],
    ["has too much padding", broken(64, 8), "ELPIS_PROTOCOL_INVALID"],
    ["is all padding", broken(38, 7), "ELPIS_PROTOCOL_INVALID"],
    ["has an extension beyond its end", broken(64, 0, 36), "ELPIS_PROTOCOL_INVALID"],
    ["is one byte over the limit", broken(LIMIT + 1), "ELPIS_PROTOCOL_FRAME_TOO_LARGE"],
    ["says 4 GiB", broken(0xffff_ffff), "ELPIS_PROTOCOL_FRAME_TOO_LARGE"],
  ];

  test.each(cases)("that %s throws, and what came before is delivered", (_, header, code) => {
    const bytes = Buffer.concat([good, good, header, good]);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const { splitter, frames } = collector();
      const error = thrown(() => {
        splitter.feed(bytes.subarray(0, cut));
        splitter.feed(bytes.subarray(cut));
      });
      expect(hasCode(error, code)).toBe(true);
      expect(frames).toEqual([good, good]);
    }
  });

  test.each(cases)("that %s is known as soon as its header is there", (_, header, code) => {
    const { splitter } = collector();
    splitter.feed(header.subarray(0, HEADER_BYTES - 1));
    expect(
      hasCode(
        thrown(() => splitter.feed(header.subarray(HEADER_BYTES - 1))),
        code,
      ),
    ).toBe(true);
    // No memory was set aside for what it announced.
    expect(splitter.pendingBytes).toBeLessThanOrEqual(HEADER_BYTES);
  });

  test("takes no memory for what thousands of them announce", () => {
    const header = broken(512 * 1024 * 1024);
    const before = process.memoryUsage().arrayBuffers;
    let refused = 0;
    for (let run = 0; run < 5000; run++) {
      try {
        new Splitter({ frames: () => {} }, LIMIT).feed(header);
      } catch {
        refused++;
      }
    }
    expect(refused).toBe(5000);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
  });

  test("names its size and the limit", () => {
    const { splitter } = collector(100);
    const error = thrown(() => splitter.feed(frameOf(100, 1)));
    expect(error).toMatchObject({ details: { size: 132, limit: 100 } });
  });
});

describe("the limit", () => {
  test("lets a frame of exactly that size through", () => {
    const { splitter, frames } = collector(132);
    splitter.feed(frameOf(100, 1));
    expect(frames).toHaveLength(1);
  });

  test("holds for the next header when it is changed between chunks", () => {
    const { splitter, frames } = collector(64);
    splitter.feed(frameOf(32, 1));
    splitter.maxFrameBytes = 200;
    splitter.feed(frameOf(168, 2));
    splitter.maxFrameBytes = 64;
    expect(hasCode(thrown(() => splitter.feed(frameOf(33, 3))))).toBe(true);
    expect(frames).toHaveLength(2);
  });

  test("does not take back a frame whose header was let through", () => {
    const { splitter, frames } = collector(200);
    const frame = frameOf(168, 1);
    splitter.feed(frame.subarray(0, 60));
    splitter.maxFrameBytes = 64;
    splitter.feed(frame.subarray(60));
    expect(frames).toHaveLength(1);
  });
});

describe("a sink that takes pieces", () => {
  const MIB = 1024 * 1024;
  const LARGE = 16 * 1024;

  /** Keeps what comes, and how many of the frames came in pieces. */
  function pieceCollector(): { splitter: Splitter; frames: Buffer[]; inPieces: number[] } {
    const frames: Buffer[] = [];
    const inPieces: number[] = [];
    const splitter = new Splitter(
      {
        frames(chunk, from, to) {
          for (let at = from; at < to; at += sizeOf(chunk, at)) {
            frames.push(Buffer.from(chunk.subarray(at, at + sizeOf(chunk, at))));
          }
        },
        pieces(pieces) {
          const [first] = pieces;
          if (first === undefined || first.length < HEADER_BYTES) throw new Error("no header");
          inPieces.push(pieces.length);
          frames.push(Buffer.concat(pieces));
        },
      },
      MIB,
    );
    return { splitter, frames, inPieces };
  }

  test("is given a large frame as it came, without a copy", () => {
    const frame = frameOf(LARGE, 1);
    const chunks = [frame.subarray(0, 100), frame.subarray(100, 5000), frame.subarray(5000)];
    const taken: Buffer[][] = [];
    const sink = {
      frames: () => {},
      pieces: (pieces: readonly Buffer[]) => taken.push([...pieces]),
    };
    const splitter = new Splitter(sink, MIB);
    for (const chunk of chunks) splitter.feed(chunk);
    expect(taken).toHaveLength(1);
    expect(taken[0]?.map((piece) => [piece.buffer, piece.byteOffset, piece.length])).toEqual(
      chunks.map((chunk) => [chunk.buffer, chunk.byteOffset, chunk.length]),
    );
  });

  test("is given a small one, or one that lies in one chunk, whole", () => {
    const { splitter, frames, inPieces } = pieceCollector();
    const small = frameOf(LARGE - HEADER_BYTES - 1, 1);
    splitter.feed(small.subarray(0, 9000));
    splitter.feed(small.subarray(9000));
    splitter.feed(frameOf(LARGE, 2));
    expect(frames).toHaveLength(2);
    expect(inPieces).toEqual([]);
  });

  test("is not given more pieces than are worth it", () => {
    const { splitter, frames, inPieces } = pieceCollector();
    const frame = frameOf(LARGE, 1);
    for (let at = 0; at < frame.length; at += 50) splitter.feed(frame.subarray(at, at + 50));
    expect(frames).toHaveLength(1);
    expect(frames[0]?.equals(frame)).toBe(true);
    expect(inPieces).toEqual([]);
  });

  test("gets the same frames wherever large and small ones are cut", () => {
    const sent = [frameOf(3, 1), frameOf(LARGE, 2), frameOf(0, 3), frameOf(LARGE + 7, 4)];
    const stream = Buffer.concat(sent);
    for (let cut = 0; cut <= stream.length; cut += cut < 200 ? 1 : 61) {
      const { splitter, frames } = pieceCollector();
      splitter.feed(stream.subarray(0, cut));
      splitter.feed(stream.subarray(cut));
      expect(frames.length).toBe(sent.length);
      expect(Buffer.concat(frames).equals(stream)).toBe(true);
      expect(splitter.pendingBytes).toBe(0);
    }
  });

  test("seeded: gets the same frames from chunks of any size, 300 runs", () => {
    let pieced = 0;
    for (let seed = 1; seed <= 300; seed++) {
      const int = randomInts(seed);
      const sent = Array.from({ length: 1 + int(6) }, (_, index) =>
        frameOf(int(2) === 0 ? int(100) : int(120_000), index),
      );
      const bytes = Buffer.concat(sent);
      const { splitter, frames, inPieces } = pieceCollector();
      const longest = [40, 2000, 70_000][int(3)] as number;
      for (let at = 0; at < bytes.length; ) {
        const end = Math.min(bytes.length, at + 1 + int(longest));
        splitter.feed(Buffer.from(bytes.subarray(at, end)));
        at = end;
      }
      if (frames.length !== sent.length || !Buffer.concat(frames).equals(bytes)) {
        throw new Error(`seed ${seed}: ${frames.length} of ${sent.length} frames`);
      }
      pieced += inPieces.length;
    }
    expect(pieced).toBeGreaterThan(100);
  });
});

test("what the sink throws reaches whoever feeds", () => {
  const splitter = new Splitter(
    {
      frames(chunk, from) {
        throw new Error(`kind ${kindOf(chunk, from)}`);
      },
    },
    LIMIT,
  );
  const frame = frameOf(1, 1);
  setKind(frame, 0, 0x33);
  expect(() => splitter.feed(frame)).toThrow("kind 51");
});
