import { describe, expect, test } from "vitest";
import "../src/preset.ts";
import { readCanary, readShare } from "../src/commands/change/reload-options.ts";
import { readScaleItems } from "../src/commands/change/scale-items.ts";
import { signalName } from "../src/commands/change/signal.ts";

const USAGE = expect.objectContaining({ code: "ELPIS_CLI_USAGE" });

function thrown(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

describe("scale", () => {
  test.each([
    [["web=4"], undefined, { web: 4 }],
    [["web=+2", "jobs=-1"], undefined, { web: "+2", jobs: "-1" }],
    [["shop", "web=0"], "shop", { web: 0 }],
    [["a.b-c_d=1"], undefined, { "a.b-c_d": 1 }],
  ])("%j", (words, app, scale) => {
    expect(readScaleItems(words)).toEqual({ app, scale });
  });

  test.each([
    [[]],
    [["shop"]],
    [["web="]],
    [["=3"]],
    [["web=two"]],
    [["web=1.5"]],
    [["web=+-1"]],
    [["web=1", "shop"]],
    [["web=1", "web=2"]],
    [["web=1=2"]],
  ])("%j is refused", (words) => {
    expect(thrown(() => readScaleItems(words))).toEqual(USAGE);
  });

  test("a name that objects have is a name like any other", () => {
    expect(Object.entries(readScaleItems(["__proto__=1"]).scale)).toEqual([["__proto__", 1]]);
  });
});

describe("a trial", () => {
  test("is what its options say, and nothing without them", async () => {
    expect(await readCanary({})).toBeUndefined();
    expect(await readCanary({ canary: 2 })).toEqual({ count: 2 });
    expect(await readCanary({ canary: 1, for: "2m", maxErrors: "5%" })).toEqual({
      count: 1,
      forMs: 120_000,
      maxErrors: 0.05,
    });
  });

  test("has no options of its own", async () => {
    await expect(readCanary({ for: "30s" })).rejects.toEqual(USAGE);
    await expect(readCanary({ maxErrors: "1%" })).rejects.toEqual(USAGE);
    await expect(readCanary({ canary: 1, for: "soon" })).rejects.toEqual(USAGE);
  });

  test.each([
    ["1%", 0.01],
    ["0.5 %", 0.005],
    ["0.01", 0.01],
    ["0", 0],
    ["100%", 1],
  ])("%s is a share", (text, share) => {
    expect(readShare(text)).toBeCloseTo(share, 10);
  });

  test.each(["101%", "2", "-1%", "", "1%%", "one", "1e-3"])("%j is none", (text) => {
    expect(thrown(() => readShare(text))).toEqual(USAGE);
  });
});

test.each([
  ["hup", "SIGHUP"],
  ["SIGUSR2", "SIGUSR2"],
  ["sigterm", "SIGTERM"],
  ["9", "9"],
])("the signal %s is %s", (text, name) => {
  expect(signalName(text)).toBe(name);
});
