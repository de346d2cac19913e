import { expect, test } from "vitest";
import { type LogsOptions, planOf, schema } from "../src/options.ts";

const APP = { name: "shop", dir: "/srv/shop", runtimeDir: "/run/shop", isForeground: false };

function issuesOf(options: unknown): string[] {
  const result = schema["~standard"].validate(options);
  if (result instanceof Promise) throw new Error("not expected to take its time");
  return (result.issues ?? []).map(({ path, message }) => `${path?.join(".")}: ${message}`);
}

test("nothing has to be said", () => {
  expect(issuesOf({})).toEqual([]);
  expect(planOf({}, APP)).toEqual({
    app: "shop",
    dir: "/srv/shop/logs",
    pattern: "{process}.log",
    format: "text",
    rotation: {
      every: "day",
      maxBytes: 100 * 2 ** 20,
      mode: "rename",
      compress: true,
      keep: { files: 10, ageMs: undefined },
    },
    totalBytes: 2 * 2 ** 30,
    bufferBytes: 16 * 2 ** 20,
    flood: undefined,
  });
});

test("everything can be said, or be taken away", () => {
  const options: LogsOptions = {
    dir: "/var/log/shop",
    file: "{app}-{process}.{index}.{stream}.log",
    format: "json",
    rotate: { every: false, size: false, mode: "truncate", compress: false },
    keep: { files: false, age: "90d", total: false },
    limit: { lines: 1000, per: "10s" },
    buffer: 4096,
  };
  expect(issuesOf(options)).toEqual([]);
  expect(planOf(options, APP)).toEqual({
    app: "shop",
    dir: "/var/log/shop",
    pattern: "{app}-{process}.{index}.{stream}.log",
    format: "json",
    rotation: {
      every: undefined,
      maxBytes: undefined,
      mode: "truncate",
      compress: false,
      keep: { files: undefined, ageMs: 90 * 86_400_000 },
    },
    totalBytes: undefined,
    bufferBytes: 4096,
    flood: { lines: 1000, perMs: 10_000 },
  });
});

test.each([
  [{ dri: "x" }, "dri: unknown key; known are dir, file"],
  [
    { rotate: { every: "week" } },
    'rotate.every: expected "day", "hour", "minute", "second" or false',
  ],
  [
    { rotate: { size: "ten" } },
    'rotate.size: expected a size such as "100mb", or false, got "ten"',
  ],
  [{ rotate: "daily" }, 'rotate: expected an object, got "daily"'],
  [{ keep: { files: 0 } }, "keep.files: expected a whole number from 1, or false, got 0"],
  [{ keep: { age: "soon" } }, "keep.age: expected a time span"],
  [{ limit: { per: "1s" } }, "limit.lines: expected a whole number from 1, got nothing"],
  [{ file: "../{process}.log" }, "file: expected a file name"],
  [{ file: "{procces}.log" }, "file: expected a file name"],
  [{ file: ".log" }, "file: expected a file name"],
  [[], ": expected an object, got []"],
])("%j is refused", (options, message) => {
  expect(issuesOf(options).join()).toContain(message);
});
