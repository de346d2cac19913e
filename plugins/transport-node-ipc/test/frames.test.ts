import { describe, expect, it } from "vitest";
import { Frames } from "../src/frames.ts";

const TEXTS = ['{"type":"a","data":{"x":"ü€😀"}}', "", '{"type":"b"}'];
const bytes = Buffer.from(TEXTS.map((text) => `${text}\f`).join(""));

describe("frames", () => {
  it("are the same wherever they are cut", () => {
    for (let first = 0; first <= bytes.length; first++) {
      for (let second = first; second <= bytes.length; second++) {
        const frames = new Frames(100);
        const parts = [
          bytes.subarray(0, first),
          bytes.subarray(first, second),
          bytes.subarray(second),
        ];
        expect(parts.flatMap((part) => [...frames.push(part)])).toEqual(TEXTS);
        expect(frames.isPartial).toBe(false);
      }
    }
  });

  it("are bounded, whether they end or not, and in single bytes", () => {
    const frames = new Frames(10);
    expect([...frames.push(Buffer.from("0123456789\f"))]).toEqual(["0123456789"]);
    expect(() => [...new Frames(10).push(Buffer.from("01234567890\f"))]).toThrow(/limit of 10/);
    for (let at = 0; at < 10; at++) expect([...frames.push(Buffer.from("x"))]).toEqual([]);
    expect(frames.isPartial).toBe(true);
    expect(() => [...frames.push(Buffer.from("x"))]).toThrow(
      expect.objectContaining({ code: "ELPIS_NODE_IPC_TOO_LARGE" }),
    );
  });
});
