import { expect, test } from "vitest";
import { BlockEncoder } from "../src/keeper/block-encoder.ts";
import { decodeLine } from "../src/lines/decode.ts";

const SOURCE = { process: "web", index: 1, pid: 42 };
const TIME = Date.UTC(2026, 0, 31, 12);

test.each(["text", "json"] as const)("a block of lines reads back as its lines: %s", (format) => {
  const texts = ["one", "", "three | stdout| x", 'fo"ur \\ $& $1', "  five"];
  const block = new BlockEncoder(format).block(
    SOURCE,
    "stderr",
    { text: texts.join("\n"), count: texts.length },
    TIME,
  );
  expect(block.endsWith("\n")).toBe(true);
  const lines = block.slice(0, -1).split("\n").map(decodeLine);
  expect(lines.map((line) => line?.text)).toEqual(texts);
  for (const line of lines) {
    expect(line).toMatchObject({ ...SOURCE, time: TIME, stream: "stderr" });
  }
});

test("a block is what its lines would be one by one", () => {
  for (const format of ["text", "json"] as const) {
    const encoder = new BlockEncoder(format);
    const one = (text: string) => encoder.line({ ...SOURCE, time: TIME, stream: "stdout", text });
    const both = encoder.block(SOURCE, "stdout", { text: "a\nERROR: b", count: 2 }, TIME);
    expect(both).toBe(one("a") + one("ERROR: b"));
  }
});
