import { ElpisError, errorToData, hasCode } from "@elpis/api";
import { describe, expect, test } from "vitest";

describe("ElpisError", () => {
  test("carries its code, and nothing that was not given", () => {
    const error = new ElpisError("ELPIS_TEST_X", "text");
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: "ElpisError",
      code: "ELPIS_TEST_X",
      message: "text",
      details: {},
      retryable: false,
    });
    expect(Object.hasOwn(error, "cause")).toBe(false);
  });

  test("carries cause, details and whether to try again", () => {
    const cause = new Error("deeper");
    const error = new ElpisError("C", "text", { cause, details: { port: 80 }, retryable: true });
    expect(error.cause).toBe(cause);
    expect(error.details).toEqual({ port: 80 });
    expect(error.retryable).toBe(true);
  });
});

describe("errorToData", () => {
  test("keeps everything that is plain", () => {
    const cause = new TypeError("deeper");
    const error = new ElpisError("C", "text", { cause, details: { port: 80 }, retryable: true });
    expect(errorToData(error)).toEqual({
      name: "ElpisError",
      message: "text",
      code: "C",
      retryable: true,
      details: { port: 80 },
      cause: { name: "TypeError", message: "deeper" },
    });
  });

  test("gives the stack, also of causes, only when asked", () => {
    const error = new Error("text", { cause: new Error("deeper") });
    expect(errorToData(error)).toEqual({
      name: "Error",
      message: "text",
      cause: { name: "Error", message: "deeper" },
    });
    const data = errorToData(error, true);
    expect(data.stack).toBe(error.stack);
    expect(data.cause?.stack).toBe((error.cause as Error).stack);
  });

  test("keeps the code of other libraries and leaves out numbers that are called code", () => {
    const theirs = Object.assign(new Error("no file"), { code: "ENOENT" });
    expect(errorToData(theirs)).toEqual({ name: "Error", message: "no file", code: "ENOENT" });
    expect(errorToData(Object.assign(new Error("x"), { code: 7 }))).toEqual({
      name: "Error",
      message: "x",
    });
  });

  test("leaves out details that are not a plain object, or empty", () => {
    for (const details of [new Map([["a", 1]]), [1], "text", {}, null, new Date()]) {
      expect(errorToData(Object.assign(new Error("x"), { details }))).not.toHaveProperty("details");
    }
    const bare = Object.assign(Object.create(null) as object, { a: 1 });
    expect(errorToData(Object.assign(new Error("x"), { details: bare })).details).toEqual({ a: 1 });
  });

  test.each([
    ["text", "text"],
    [7, "7"],
    [undefined, "undefined"],
    [null, "null"],
    [Symbol("s"), "Symbol(s)"],
    [{ message: "not an error" }, "[object Object]"],
  ])("takes %s, which is no error", (thrown, message) => {
    expect(errorToData(thrown)).toEqual({ name: "Error", message });
  });

  test("takes causes that are no errors", () => {
    expect(errorToData(new Error("x", { cause: "why" })).cause).toEqual({
      name: "Error",
      message: "why",
    });
  });

  test("follows at most four causes, so that a circle of causes ends", () => {
    const circle = new Error("round");
    circle.cause = circle;
    expect(depthOf(errorToData(circle))).toBe(4);

    let chain = new Error("0");
    for (let depth = 1; depth <= 9; depth++) chain = new Error(String(depth), { cause: chain });
    const data = errorToData(chain);
    expect(depthOf(data)).toBe(4);
    expect(data.cause?.cause?.cause?.cause?.message).toBe("5");
  });
});

describe("hasCode", () => {
  test("tests for one code, or for any of ours", () => {
    const ours = new ElpisError("ELPIS_HUB_DEADLINE", "late");
    expect(hasCode(ours, "ELPIS_HUB_DEADLINE")).toBe(true);
    expect(hasCode(ours, "ELPIS_HUB_CLOSED")).toBe(false);
    expect(hasCode(ours)).toBe(true);
    const theirs = Object.assign(new Error("x"), { code: "ENOENT" });
    expect(hasCode(theirs, "ENOENT")).toBe(true);
    expect(hasCode(theirs)).toBe(false);
  });

  test("knows the errors of another copy of this package", () => {
    // What a second copy in node_modules would have: its own class with the same fields.
    class OtherCopy extends Error {
      readonly code = "ELPIS_HUB_DEADLINE";
    }
    const error: unknown = new OtherCopy("late");
    expect(error).not.toBeInstanceOf(ElpisError);
    expect(hasCode(error, "ELPIS_HUB_DEADLINE")).toBe(true);
    expect(hasCode(error)).toBe(true);
  });

  test.each([undefined, null, "ELPIS_X", { code: "ELPIS_X" }, new Error("ELPIS_X")])(
    "says no to %s",
    (value) => {
      expect(hasCode(value)).toBe(false);
      expect(hasCode(value, "ELPIS_X")).toBe(false);
    },
  );

  test("says no to a code that is no text", () => {
    expect(hasCode(Object.assign(new Error("x"), { code: 7 }))).toBe(false);
  });
});

function depthOf(data: { cause?: unknown }): number {
  return data.cause === undefined ? 0 : 1 + depthOf(data.cause as { cause?: unknown });
}
