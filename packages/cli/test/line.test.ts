import { expect, test } from "vitest";
import type { CliContext } from "../src/context.ts";
import { decodeLine, encodeLine, isFrom } from "../src/log/line.ts";
import { formatLine, linePrinter } from "../src/output/lines.ts";
import type { OutputLine } from "../src/preset.ts";

const LINE: OutputLine = {
  time: Date.UTC(2026, 0, 31, 12),
  process: "web",
  index: 1,
  pid: 4242,
  stream: "stderr",
  text: "hello | [world] stdout| ünï",
};

test("a line reads as documented", () => {
  expect(encodeLine(LINE)).toBe(
    "2026-01-31T12:00:00.000Z web.1[4242] stderr| hello | [world] stdout| ünï\n",
  );
});

test.each([
  ["plain", LINE],
  ["with an empty text", { ...LINE, text: "" }],
  ["of a name with dots", { ...LINE, process: "api.v2.x", index: 12 }],
  ["with a carriage return and a line separator", { ...LINE, text: "a\rb\u2028c" }],
])("a line %s comes back as it was", (_, line) => {
  expect(decodeLine(encodeLine(line).slice(0, -1))).toEqual(line);
});

test("a line break inside does not make two lines", () => {
  expect(encodeLine({ ...LINE, text: "a\nb" }).split("\n")).toHaveLength(2);
});

test.each([
  "",
  "no line of ours",
  "yesterday web.0[1] stdout| x",
  "2026-01-31T12:00:00.000Z web.0[1] stdo",
])("%j is not taken for one", (text) => {
  expect(decodeLine(text)).toBeUndefined();
});

test("a process is picked by its name, or with its index", () => {
  expect(isFrom(LINE, undefined)).toBe(true);
  expect(isFrom(LINE, "web")).toBe(true);
  expect(isFrom(LINE, "web.1")).toBe(true);
  expect(isFrom(LINE, "web.0")).toBe(false);
  expect(isFrom(LINE, "we")).toBe(false);
});

test("colour is only there when it is wanted", () => {
  expect(formatLine(LINE, false)).toBe("web.1 | hello | [world] stdout| ünï");
  expect(formatLine(LINE, true)).toContain("\u001b[31mweb.1 |\u001b[39m hello");
});

test("lines that were lost are owned up to once, as soon as a line goes out again", () => {
  const out = { color: false, lost: 0, line: (_: string): boolean => true };
  const said: string[] = [];
  const context = {
    stdout: out,
    stderr: { color: false, line: (text: string) => said.push(text) > 0 },
  } as unknown as CliContext;
  const print = linePrinter(context, false);
  const full = (): boolean => {
    out.lost += 1;
    return false;
  };
  print(LINE);
  out.line = full;
  print(LINE);
  print(LINE);
  expect(said).toEqual([]);
  out.line = () => true;
  print(LINE);
  print(LINE);
  expect(said).toEqual(["elpis: 2 lines could not be written to stdout"]);
});
