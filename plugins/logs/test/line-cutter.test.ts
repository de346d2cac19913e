import fc from "fast-check";
import { expect, test } from "vitest";
import { LineCutter, MAX_LINE_BYTES } from "../src/keeper/line-cutter.ts";

/** Feeds bytes in pieces and gives back the lines, checking that each count is right. */
function cut(bytes: Buffer, sizes: readonly number[]): string[] {
  const cutter = new LineCutter();
  const lines: string[] = [];
  const take = (found: { text: string; count: number } | undefined): void => {
    if (found === undefined) return;
    const parts = found.text.split("\n");
    expect(parts.length).toBe(found.count);
    lines.push(...parts);
  };
  let at = 0;
  for (const size of sizes) {
    take(cutter.push(bytes.subarray(at, at + size)));
    at += size;
  }
  take(cutter.push(bytes.subarray(at)));
  take(cutter.end());
  return lines;
}

test("lines are the same however the bytes come", () => {
  const line = fc.stringMatching(/^[^\n\r]{0,40}$/);
  fc.assert(
    fc.property(
      fc.array(line),
      fc.array(fc.integer({ min: 0, max: 60 })),
      fc.boolean(),
      (lines, sizes, isEnded) => {
        const text = lines.join("\n") + (isEnded && lines.length > 0 ? "\n" : "");
        const expected = text === "" ? [] : text.replace(/\n$/, "").split("\n");
        expect(cut(Buffer.from(text), sizes)).toEqual(expected);
      },
    ),
    { numRuns: 500 },
  );
});

test("a character is never cut in two", () => {
  const bytes = Buffer.from("ein Käse, 漢字, 🧀\nfertig\n");
  for (let at = 0; at < bytes.length; at++) {
    expect(cut(bytes, [at])).toEqual(["ein Käse, 漢字, 🧀", "fertig"]);
  }
});

test("a carriage return at the end of a line goes", () => {
  expect(cut(Buffer.from("one\r\ntwo\r\nth\rree\r"), [3, 2])).toEqual(["one", "two", "th\rree"]);
});

test("a line that is too long is cut, and says by how much", () => {
  const long = "x".repeat(MAX_LINE_BYTES + 10);
  const cutText = `${"x".repeat(MAX_LINE_BYTES)} [10 bytes cut]`;
  expect(cut(Buffer.from(`a\n${long}\nb`), [100, 50_000])).toEqual(["a", cutText, "b"]);
  const whole = cut(Buffer.from(`a\n${long}\nb\n`), []);
  expect(whole.map((line) => line.length)).toEqual([1, cutText.length + 5, 1]);
});

test("what never ends takes no more memory than one line", () => {
  const cutter = new LineCutter();
  const chunk = Buffer.alloc(1024 * 1024, 120);
  for (let n = 0; n < 64; n++) expect(cutter.push(chunk)).toBeUndefined();
  const last = cutter.push(Buffer.from("\nnext\n"));
  const [cutLine = "", next] = last?.text.split("\n") ?? [];
  expect(cutLine).toBe(
    `${"x".repeat(MAX_LINE_BYTES)} [${64 * 1024 * 1024 - MAX_LINE_BYTES} bytes cut]`,
  );
  expect(next).toBe("next");
});
