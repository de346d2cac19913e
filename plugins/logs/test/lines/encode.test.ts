import type { KeptLine } from "@elpis/api";
import { expect, test } from "vitest";
import { decodeLine } from "../../src/lines/decode.ts";
import { encodeJson, encoderOf, encodeText } from "../../src/lines/encode.ts";

const LINE: KeptLine = {
  time: Date.UTC(2026, 0, 31, 12),
  process: "web",
  index: 1,
  pid: 4242,
  stream: "stderr",
  text: "hello | [world] stdout| ünï",
};

test("a line for people reads as documented", () => {
  expect(encodeText(LINE)).toBe(
    "2026-01-31T12:00:00.000Z web.1[4242] stderr| hello | [world] stdout| ünï\n",
  );
});

test("a line as an object has its keys as documented, and a level where there is one", () => {
  expect(encodeJson(LINE)).toBe(
    '{"time":"2026-01-31T12:00:00.000Z","process":"web","index":1,"pid":4242,"stream":"stderr","text":"hello | [world] stdout| ünï"}\n',
  );
  expect(JSON.parse(encodeJson({ ...LINE, text: 'ERROR: "x"' }))).toEqual({
    time: "2026-01-31T12:00:00.000Z",
    ...{ process: "web", index: 1, pid: 4242, stream: "stderr", level: "error" },
    text: 'ERROR: "x"',
  });
});

const LINES: ReadonlyArray<readonly [string, KeptLine]> = [
  ["plain", LINE],
  ["with an empty text", { ...LINE, text: "" }],
  ["of a name with dots", { ...LINE, process: "api.v2.x", index: 12 }],
  ["with a carriage return and a line separator", { ...LINE, text: "a\rb\u2028c" }],
  ["that is JSON itself", { ...LINE, text: '{"a":"b\\n"}' }],
];

test.each(LINES)("a line %s comes back as it was", (_, line) => {
  expect(decodeLine(encodeText(line).slice(0, -1))).toEqual(line);
  expect(decodeLine(encodeJson(line).slice(0, -1))).toEqual(line);
});

test.each(["text", "json"] as const)("in %s, the level comes with the line", (format) => {
  const encode = encoderOf({ process: "web", index: 0, format });
  const text = encode("2026-01-31T12:00:00.000Z", 7, "stdout", "[WARN] x").slice(0, -1);
  expect(decodeLine(text)).toMatchObject({ pid: 7, level: "warn", text: "[WARN] x" });
});

test.each(["text", "json"] as const)("in %s, an encoder follows pid and stream", (format) => {
  const encode = encoderOf({ process: "web", index: 0, format });
  const time = "2026-01-31T12:00:00.000Z";
  const read = (pid: number, stream: "stdout" | "stderr"): unknown =>
    decodeLine(encode(time, pid, stream, "x").slice(0, -1));
  for (const pid of [1, 2, 1]) {
    expect(read(pid, "stdout")).toMatchObject({ pid, stream: "stdout" });
    expect(read(pid, "stderr")).toMatchObject({ pid, stream: "stderr" });
  }
});

test.each([encodeText, encodeJson])("a line break inside does not make two lines", (encode) => {
  expect(encode({ ...LINE, text: "a\nb" }).split("\n")).toHaveLength(2);
});

test.each([
  "",
  "no line of ours",
  "yesterday web.0[1] stdout| x",
  "2026-01-31T12:00:00.000Z web.0[1] stdo",
  "{",
  "{}",
  '{"time":"2026-01-31T12:00:00.000Z","process":"web","index":0,"pid":1,"stream":"stdout"}',
  '{"time":"never","process":"web","index":0,"pid":1,"stream":"stdout","text":""}',
  '{"time":"2026-01-31T12:00:00.000Z","process":"web","index":0,"pid":1,"stream":"std","text":""}',
  '{"time":"2026-01-31T12:00:00.000Z","process":"web","index":"0","pid":1,"stream":"stdout","text":""}',
])("%j is not taken for one", (text) => {
  expect(decodeLine(text)).toBeUndefined();
});
