import { describe, expect, it } from "vitest";
import { LineSplitter, MAX_LINE_LENGTH, Tail } from "../src/child/lines.ts";

function split(...chunks: Array<string | Buffer>): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  for (const chunk of chunks) splitter.write(Buffer.from(chunk as string));
  splitter.end();
  return lines;
}

describe("LineSplitter", () => {
  it("finds the lines wherever the chunks are cut", () => {
    const text = "one\n\ntwo: äöü €\r\n  three\nno end";
    const expected = ["one", "", "two: äöü €", "  three", "no end"];
    const bytes = Buffer.from(text);
    for (let at = 0; at <= bytes.length; at += 1) {
      expect(split(bytes.subarray(0, at), bytes.subarray(at))).toEqual(expected);
    }
    expect(split(...[...bytes].map((byte) => Buffer.from([byte])))).toEqual(expected);
  });

  it("gives nothing for nothing", () => {
    expect(split()).toEqual([]);
    expect(split("a\n")).toEqual(["a"]);
  });

  it("cuts a line that is too long, and counts what it cut", () => {
    const long = "x".repeat(MAX_LINE_LENGTH);
    expect(split(`${long}\nb\n`)).toEqual([long, "b"]);
    expect(split(`${long}yz\nb\n`)).toEqual([`${long} [2 characters cut]`, "b"]);
    expect(split(long, long, "yz\n", "b")).toEqual([
      `${long} [${MAX_LINE_LENGTH + 2} characters cut]`,
      "b",
    ]);
  });
});

it("Tail keeps the last lines only, each of bounded length", () => {
  const tail = new Tail(3);
  for (const line of ["a", "b", "c", "d".repeat(2000)]) tail.add(line);
  expect(tail.lines).toEqual(["b", "c", `${"d".repeat(500)}...`]);
  tail.clear();
  expect(tail.lines).toEqual([]);
});
