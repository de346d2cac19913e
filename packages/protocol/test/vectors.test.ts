import { createRequire } from "node:module";
import { ElpisError, errorToData } from "@elpis/api";
import {
  BodyCodec,
  bodyEnd,
  bodyStart,
  codeOf,
  correlationOf,
  emptyFrame,
  extensionOf,
  flagsOf,
  HEADER_BYTES,
  isSound,
  Kind,
  kindOf,
  paddingOf,
  remainingOf,
  scan,
  setCode,
  setFlags,
  setSource,
  sizeOf,
  sourceOf,
  targetOf,
  topicOf,
} from "@elpis/protocol";
import { describe, expect, test } from "vitest";
import { expectHarmless } from "./support/harmless.ts";
import { bytesOf, FRAMES, HOSTILE, readNotation, VALUES } from "./support/vectors.ts";

const codec = new BodyCodec();
/** A copy of msgpackr that this package has not changed. */
const { unpack: unpackElsewhere } = createRequire(import.meta.url)("msgpackr") as {
  unpack(bytes: Buffer): unknown;
};

function packed(value: unknown): Buffer {
  return codec.frame(value, Kind.event, 0, 0, 0, 0).subarray(HEADER_BYTES);
}

/** What makes two values the same: -0 is not 0, and errors have codes, details and causes. */
function expectSame(found: unknown, value: unknown): void {
  if (value instanceof Error) {
    expect(found).toBeInstanceOf(ElpisError);
    expect(errorToData(found)).toStrictEqual(errorToData(value));
  } else if (value instanceof Uint8Array) {
    expect(Buffer.compare(found as Uint8Array, value)).toBe(0);
  } else if (Array.isArray(value) && value.length > 1000) {
    expect(JSON.stringify(found)).toBe(JSON.stringify(value));
  } else if (Array.isArray(value) && value[0] instanceof Uint8Array) {
    expectSame((found as unknown[])[0], value[0]);
  } else {
    expect(found).toStrictEqual(value);
  }
}

describe.each(VALUES.map((vector) => [vector.name, vector] as const))("%s", (_, vector) => {
  const bytes = bytesOf(vector.hex);
  const value = readNotation(vector.value);

  test("is written as stated", () => {
    expect(packed(value).toString("hex")).toBe(bytes.toString("hex"));
  });

  test("is read from each of its forms", () => {
    for (const form of [bytes, ...(vector.also ?? []).map(bytesOf)]) {
      scan(form, 0, form.length);
      expectSame(codec.unpack(form, 0, form.length), value);
      expectSame(codec.unpack(form, 0, form.length, false), value);
    }
  });
});

test("another library reads what is plain msgpack as the same value", () => {
  const own = /\$(map|set|error|bigint|nest|keys)|__proto__/;
  const plain = VALUES.filter(({ value }) => !own.test(JSON.stringify(value)));
  expect(plain.length).toBeGreaterThan(80);
  for (const { name, value, hex } of plain) {
    // It takes a mark at the beginning of a text away.
    if (name !== "byte order mark") expectSame(unpackElsewhere(bytesOf(hex)), readNotation(value));
  }
});

describe("frames", () => {
  test("there is one of every kind", () => {
    const kinds = new Set(FRAMES.map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual(Object.values(Kind).sort());
  });

  test.each(FRAMES.map((vector) => [vector.name, vector] as const))("%s", (_, vector) => {
    const bytes = Buffer.from(vector.hex, "hex");
    const { kind, flags = 0, code = 0, padding = 0, topic = 0, correlation = 0 } = vector;
    const { source = 0, target = 0, remaining = 0, extension = "" } = vector;
    expect({
      size: sizeOf(bytes, 0),
      kind: kindOf(bytes, 0),
      flags: flagsOf(bytes, 0),
      code: codeOf(bytes, 0),
      padding: paddingOf(bytes, 0),
      topic: topicOf(bytes, 0),
      correlation: correlationOf(bytes, 0),
      source: sourceOf(bytes, 0),
      target: targetOf(bytes, 0),
      remaining: remainingOf(bytes, 0),
      extension: extensionOf(bytes, 0) * 2,
      sound: isSound(bytes, 0),
    }).toEqual({
      ...{ size: bytes.length, kind, flags, code, padding, topic, correlation, source, target },
      ...{ remaining, extension: extension.length, sound: true },
    });

    const body = bytes.subarray(bodyStart(bytes, 0), bodyEnd(bytes, 0));
    if (vector.raw === undefined) {
      expect(codec.unpack(bytes, bodyStart(bytes, 0), bodyEnd(bytes, 0))).toEqual(
        readNotation(vector.value),
      );
    } else {
      expect(body.toString("hex")).toBe(vector.raw);
    }

    // Extensions and padding are never written here, and the body of a mapPlan not by the codec.
    if (extension !== "" || padding > 0 || vector.raw !== undefined) return;
    const made =
      body.length === 0
        ? emptyFrame(kind, topic, correlation, target, remaining)
        : codec.frame(readNotation(vector.value), kind, topic, correlation, target, remaining);
    setFlags(made, 0, flags);
    setCode(made, 0, code);
    setSource(made, 0, source);
    expect(made.toString("hex")).toBe(vector.hex);
  });
});

/** Extensions whose content does not end where they say: only a scan sees that. */
const WRONG_LENGTHS = ["set with bytes behind its list", "set whose list goes on behind it"];

describe("hostile bodies", () => {
  test("there is one for every reason", () => {
    expect(new Set(HOSTILE.map(({ reason }) => reason))).toEqual(
      new Set([
        "truncated",
        "trailing",
        "depth",
        "entries",
        "keys",
        "key",
        "reserved",
        "extension",
      ]),
    );
  });

  test.each(HOSTILE.map((vector) => [vector.name, vector] as const))("%s", (_, vector) => {
    const bytes = bytesOf(vector.hex);
    expect(() => scan(bytes, 0, bytes.length)).toThrow(
      expect.objectContaining({
        code: "ELPIS_PROTOCOL_BAD_BODY",
        details: { reason: vector.reason, at: expect.any(Number) },
      }),
    );
    expect(() => codec.unpack(bytes, 0, bytes.length)).toThrow(
      expect.objectContaining({ code: "ELPIS_PROTOCOL_BAD_BODY" }),
    );
    // Small ones of the family are built without a scan, but nothing is built that could do harm.
    let value: unknown;
    try {
      value = codec.unpack(bytes, 0, bytes.length, false);
      expect(vector.reason !== "extension" || WRONG_LENGTHS.includes(vector.name)).toBe(true);
    } catch (error) {
      expect(error).toMatchObject({ code: "ELPIS_PROTOCOL_BAD_BODY" });
    }
    expectHarmless(value);
  });
});
