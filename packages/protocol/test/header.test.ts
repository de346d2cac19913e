import {
  addPadding,
  bodyEnd,
  bodyStart,
  codeOf,
  correlationOf,
  emptyFrame,
  extensionOf,
  flagsOf,
  HEADER_BYTES,
  isSound,
  kindOf,
  remainingOf,
  setCode,
  setCorrelation,
  setFlags,
  setKind,
  setRemaining,
  setSize,
  setSource,
  setTopic,
  sizeOf,
  sourceOf,
  targetOf,
  topicOf,
  writeHeader,
} from "@elpis/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

const u8 = fc.integer({ min: 0, max: 0xff });
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });

/** All fields of the header at `at`. */
function fieldsOf(frame: Uint8Array, at: number): Record<string, number> {
  return {
    size: sizeOf(frame, at),
    kind: kindOf(frame, at),
    flags: flagsOf(frame, at),
    code: codeOf(frame, at),
    topic: topicOf(frame, at),
    correlation: correlationOf(frame, at),
    source: sourceOf(frame, at),
    target: targetOf(frame, at),
    remaining: remainingOf(frame, at),
    extension: extensionOf(frame, at),
  };
}

describe("writeHeader", () => {
  test("writes every field so that it can be read, anywhere, and touches nothing else", () => {
    fc.assert(
      fc.property(u32, u8, u32, u32, u32, u32, u8, (size, kind, topic, corr, target, ms, at) => {
        const bytes = new Uint8Array(at + HEADER_BYTES + 8).fill(0xa5);
        writeHeader(bytes, at, size, kind, topic, corr, target, ms);
        expect(fieldsOf(bytes, at)).toEqual({
          size,
          kind,
          flags: 0,
          code: 0,
          topic,
          correlation: corr,
          source: 0,
          target,
          remaining: ms,
          extension: 0,
        });
        bytes.fill(0xa5, at, at + HEADER_BYTES);
        expect(bytes.every((byte) => byte === 0xa5)).toBe(true);
      }),
    );
  });

  test("lays the fields out as the protocol says", () => {
    const bytes = Buffer.alloc(HEADER_BYTES, 0xff);
    writeHeader(bytes, 0, 0x04030201, 0x21, 0x14131211, 0x24232221, 0x44434241, 0x54535251);
    setSource(bytes, 0, 0x34333231);
    setFlags(bytes, 0, 0x61);
    setCode(bytes, 0, 0x62);
    expect(bytes.toString("hex").match(/.{8}/g)).toEqual([
      "01020304",
      "21616200",
      "11121314",
      "21222324",
      "31323334",
      "41424344",
      "51525354",
      "00000000",
    ]);
  });
});

describe("setters", () => {
  const setters = [
    ["size", setSize, u32],
    ["kind", setKind, u8],
    ["flags", setFlags, u8],
    ["code", setCode, u8],
    ["topic", setTopic, u32],
    ["correlation", setCorrelation, u32],
    ["source", setSource, u32],
    ["remaining", setRemaining, u32],
  ] as const;

  test.each(setters)("%s changes its own field only", (name, set, values) => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: HEADER_BYTES + 3, maxLength: HEADER_BYTES + 3 }),
        values,
        (bytes, value) => {
          const before = fieldsOf(bytes, 3);
          set(bytes, 3, value);
          expect(fieldsOf(bytes, 3)).toEqual({ ...before, [name]: value });
        },
      ),
    );
  });
});

describe("the body", () => {
  test("begins behind header and extension, and ends before the padding", () => {
    const frame = Buffer.alloc(100);
    writeHeader(frame, 10, 80, 0x20, 0, 0, 0, 0);
    expect([bodyStart(frame, 10), bodyEnd(frame, 10)]).toEqual([42, 90]);
    frame.writeUInt16LE(300, 10 + 28);
    expect(extensionOf(frame, 10)).toBe(300);
    frame.writeUInt16LE(8, 10 + 28);
    frame[10 + 7] = 5;
    expect([bodyStart(frame, 10), bodyEnd(frame, 10)]).toEqual([50, 85]);
  });

  test("an empty frame has none", () => {
    const frame = emptyFrame(0x26, 1, 2, 3, 4);
    expect(frame).toHaveLength(HEADER_BYTES);
    expect(bodyStart(frame, 0)).toBe(bodyEnd(frame, 0));
    expect(fieldsOf(frame, 0)).toMatchObject({
      kind: 0x26,
      topic: 1,
      correlation: 2,
      target: 3,
      remaining: 4,
    });
  });
});

describe("isSound", () => {
  const header = (size: number, padding: number, extension: number): Buffer => {
    const frame = Buffer.alloc(HEADER_BYTES);
    writeHeader(frame, 0, size, 0x20, 0, 0, 0, 0);
    frame[7] = padding;
    frame.writeUInt16LE(extension, 28);
    return frame;
  };

  test.each([
    [32, 0, 0, true],
    [39, 7, 0, true],
    [40, 8, 0, false],
    [38, 7, 0, false],
    [36, 0, 4, true],
    [35, 0, 4, false],
    [43, 7, 4, true],
    [42, 7, 4, false],
    [1000, 255, 0, false],
    [100, 0, 65_532, false],
    [0, 0, 0, false],
  ])("size %i, padding %i, extension %i: %s", (size, padding, extension, sound) => {
    expect(isSound(header(size, padding, extension), 0)).toBe(sound);
  });
});

describe("addPadding", () => {
  test.each([1, 2, 3, 4, 5, 6, 7])("%i bytes belong to the frame and not to its body", (bytes) => {
    // The frame lies in the middle of a larger memory, as the packer leaves it.
    const memory = Buffer.alloc(64, 0xee);
    const frame = memory.subarray(8, 8 + 40);
    writeHeader(frame, 0, 40, 0x20, 0, 0, 0, 0);
    addPadding(frame, 0, bytes);
    expect(sizeOf(frame, 0)).toBe(40 + bytes);
    expect(bodyEnd(frame, 0)).toBe(40);
    expect(isSound(frame, 0)).toBe(true);
    expect(memory.subarray(48, 48 + bytes).every((byte) => byte === 0)).toBe(true);
    expect(memory.subarray(48 + bytes).every((byte) => byte === 0xee)).toBe(true);
  });

  test("pads a frame that is not the first in its buffer", () => {
    const memory = Buffer.alloc(96, 0xee);
    writeHeader(memory, 16, 35, 0x20, 0, 0, 0, 0);
    addPadding(memory, 16, 5);
    expect(sizeOf(memory, 16)).toBe(40);
    expect(bodyEnd(memory, 16)).toBe(16 + 35);
    expect(memory.subarray(51, 57).toString("hex")).toBe("0000000000ee");
  });
});
