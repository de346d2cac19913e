import { expect, test } from "vitest";
import { isAtLeast, LEVELS, levelOf } from "../../src/lines/level.ts";

test.each([
  ['{"level":30,"time":1764277200000,"pid":1,"msg":"hello"}', "info"],
  ['{"level":10,"msg":"x"}', "trace"],
  ['{"level":60,"msg":"x"}', "fatal"],
  ['{"level":35,"msg":"between"}', "info"],
  ['{"name":"b","hostname":"h","pid":1,"level":50,"msg":"bunyan","v":0}', "error"],
  ['{"level":"warn","message":"winston"}', "warn"],
  ['{"message":"level last","level":"error"}', "error"],
  ['{ "level": "debug" }', "debug"],
  ["[ERROR] no such host", "error"],
  ["[error] no such host", "error"],
  ["ERROR: no such host", "error"],
  ["Error: no such host", "error"],
  ["warning: old", "warn"],
  ["WARN something", "warn"],
  ["FATAL", "fatal"],
  ["  INFO  indented", "info"],
  ["level=warn msg=x", "warn"],
  ['ts=2026-11-27T21:00:00Z level="error" msg=x', "error"],
  ['time="2026-11-27T21:00:00Z a b" level=info msg=x', "info"],
  ["msg=x lvl=debug", "debug"],
  ["severity=critical", "fatal"],
  ["2026-11-27 21:00:00,000 ERROR 123 [-/127.0.0.1/-/1ms GET /] x", "error"],
  ["[2026-11-27T21:00:00.000] [DEBUG] default - x", "debug"],
  ["2026-11-27T21:00:00.000Z [web] info: x", "info"],
  ["[21:00:00.000] \u001b[32mINFO\u001b[39m (1234): x", "info"],
  ["\u001b[31merror\u001b[39m: x", "error"],
  ["(node:1234) Warning: old", "warn"],
])("%s", (text, level) => {
  expect(levelOf(text)).toBe(level);
});

test.each([
  "",
  "{",
  "[",
  '{"level":',
  '{"level":3}',
  '{"level":300}',
  '{"level":70}',
  '{"level":"loud"}',
  '{"msg":"{\\"level\\":30}"}',
  "an error in the third word: ERROR",
  "error in line 3",
  "Information: ERROR",
  "TypeError: x is not a function",
  "line 12345",
  "the level=warn of a sentence",
  "informal",
  "errors: 3",
  "=".repeat(1000),
  "[".repeat(100_000),
  `${" ".repeat(200)}ERROR: too far away`,
  "\u001b".repeat(100),
])("%j has none", (text) => {
  expect(levelOf(text)).toBeUndefined();
});

test("levels are ordered, and what has none is not serious", () => {
  expect(LEVELS.map((level) => isAtLeast(level, "warn"))).toEqual([
    ...[false, false, false, true, true, true],
  ]);
  expect(isAtLeast(undefined, "trace")).toBe(false);
});
