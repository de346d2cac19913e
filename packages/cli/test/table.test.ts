import { expect, test } from "vitest";
import { formatBytes, formatTable } from "../src/output/table.ts";

test("columns are as wide as their widest cell; numbers stand to the right", () => {
  const lines = formatTable(
    [{ title: "app" }, { title: "pid", align: "right" }, { title: "state" }],
    [
      ["shop", "7", "running"],
      ["a-longer-name", "12345", "dead"],
    ],
  );
  expect(lines).toEqual([
    "app              pid  state",
    "shop               7  running",
    "a-longer-name  12345  dead",
  ]);
});

test("a missing cell is empty, and no line ends with blanks", () => {
  expect(formatTable([{ title: "a" }, { title: "b" }], [["1"]])).toEqual(["a  b", "1"]);
});

test("bytes read in megabytes", () => {
  expect(formatBytes(48_310_000)).toBe("48.3 MB");
  expect(formatBytes(undefined)).toBe("-");
});
