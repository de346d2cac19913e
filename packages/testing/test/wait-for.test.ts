import { hasCode } from "@elpis/api";
import { waitFor } from "@elpis/testing";
import { describe, expect, expectTypeOf, test } from "vitest";

describe("waitFor", () => {
  test("gives what the condition gave, at once when it holds", async () => {
    const look = (): string | undefined => "there";
    const found = await waitFor(look, { what: "it" });
    expectTypeOf(found).toEqualTypeOf<string>();
    expect(found).toBe("there");
  });

  test("looks until the condition holds, over failures of it", async () => {
    let looks = 0;
    const condition = async (): Promise<boolean> => {
      looks++;
      if (looks === 1) throw new Error("not yet");
      return looks >= 3;
    };
    expect(await waitFor(condition, { what: "the third look", intervalMs: 1 })).toBe(true);
    expect(looks).toBe(3);
  });

  test("names what it waited for, and what the condition threw last", async () => {
    const cause = new Error("no such file");
    const failing = (): never => {
      throw cause;
    };
    const error: unknown = await waitFor(failing, { what: "the file", timeoutMs: 20 }).catch(
      (thrown: unknown) => thrown,
    );
    if (!hasCode(error, "ELPIS_TESTING_TIMEOUT")) throw new Error("no timeout", { cause: error });
    expect(error.message).toBe("Waited 20 ms in vain for the file; at last: no such file.");
    expect(error.details).toEqual({ what: "the file", timeoutMs: 20 });
    expect(error.cause).toBe(cause);
  });

  test("does not wait for a condition that never answers", async () => {
    const never = (): Promise<boolean> => new Promise(() => {});
    await expect(waitFor(never, { what: "an answer", timeoutMs: 20 })).rejects.toMatchObject({
      code: "ELPIS_TESTING_TIMEOUT",
      message: "Waited 20 ms in vain for an answer.",
    });
  });

  test("stops looking when time is over", async () => {
    let looks = 0;
    const condition = (): boolean => {
      looks++;
      return false;
    };
    await expect(waitFor(condition, { what: "x", timeoutMs: 20, intervalMs: 1 })).rejects.toThrow();
    const before = looks;
    // Several turns of the event loop and of the poll's own timer.
    let turns = 0;
    await waitFor(() => ++turns > 10, { what: "some turns", intervalMs: 1 });
    expect(looks).toBeLessThanOrEqual(before + 1);
  });
});
