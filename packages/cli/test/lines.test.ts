import { expect, test } from "vitest";
import type { CliContext } from "../src/context.ts";
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
