import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Column, formatBytes, formatTable, wrap } from "../src/output/table.ts";

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

describe("where there is little room", () => {
  const columns: Column[] = [
    { title: "app", priority: 8, min: 4 },
    { title: "process" },
    { title: "role", priority: 1 },
    { title: "pids", priority: 3, min: 6, wrap: true },
  ];
  const rows = [["a-long-name", "web", "worker", "1000,1001,1002,1003"]];
  const widest = (lines: readonly string[]): number =>
    Math.max(...lines.map((line) => [...line].length));

  test("nothing is changed as long as all fits", () => {
    expect(formatTable(columns, rows, 100)).toEqual(formatTable(columns, rows));
  });

  test("what may be narrower becomes so first, by priority, and goes on below", () => {
    expect(formatTable(columns, rows, 41)).toEqual([
      "app          process  role    pids",
      "a-long-name  web      worker  1000,1001,",
      "                              1002,1003",
    ]);
  });

  test("then columns are left out, and those that stay get their room back", () => {
    expect(formatTable(columns, rows, 28)).toEqual([
      "app          process  pids",
      "a-long-name  web      1000,",
      "                      1001,",
      "                      1002,",
      "                      1003",
    ]);
  });

  test("what cannot go on below is cut, and says so", () => {
    expect(formatTable([{ title: "app", priority: 5, min: 4 }], [["a-long-name"]], 6)).toEqual([
      "app",
      "a-lon…",
    ]);
  });

  test("no line is ever too long when there are columns that can go", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string({ maxLength: 30 }), fc.string({ maxLength: 60 })), {
          maxLength: 5,
        }),
        fc.integer({ min: 12, max: 120 }),
        (cells, width) => {
          const some: Column[] = [
            { title: "one", priority: 2, min: 5 },
            { title: "two", priority: 3, min: 5, wrap: true },
          ];
          const printable = cells.map((row) => row.map((cell) => cell.replace(/\s/g, "_")));
          expect(widest(formatTable(some, printable, width))).toBeLessThanOrEqual(width);
        },
      ),
      { seed: 7, numRuns: 300 },
    );
  });
});

test("a text is broken behind blanks and commas, else where it must be, and nothing is lost", () => {
  expect(wrap("one two three", 7)).toEqual(["one two", "three"]);
  expect(wrap("abcdefghij", 4)).toEqual(["abcd", "efgh", "ij"]);
  expect(wrap("short", 0)).toEqual(["short"]);
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 20 }), (text, width) => {
      const squeeze = (some: string): string => some.replace(/\s+/g, "");
      expect(squeeze(wrap(text, width).join(""))).toBe(squeeze(text));
    }),
    { seed: 7, numRuns: 300 },
  );
});
