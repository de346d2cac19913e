import { expect, test } from "vitest";
import { formatDuration } from "../src/duration.ts";

test.each([
  [-5, "0.0 s"],
  [1234, "1.2 s"],
  [9_999, "10 s"],
  [59_400, "59 s"],
  [59_700, "1m 0s"],
  [184_000, "3m 4s"],
  [3_600_000, "1h 0m"],
  [7_500_000, "2h 5m"],
  [273_600_000, "3d 4h"],
])("%d ms reads %s", (valueMs, text) => {
  expect(formatDuration(valueMs)).toBe(text);
});
