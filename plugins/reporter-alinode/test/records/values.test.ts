import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { localTime } from "../../src/records/times.ts";
import { valueText } from "../../src/records/values.ts";

/** What the collector makes of a text. */
function read(text: string): number {
  return Number.parseFloat(/^(\d+(\.\d{0,2})?)/.exec(text)?.[1] ?? "NaN");
}

describe("a value", () => {
  it.each([
    [0, "0"],
    [1, "1"],
    [10, "10"],
    [100, "100"],
    [12.34, "12.34"],
    [12.5, "12.5"],
    [12.345_6, "12.35"],
    [0.01, "0.01"],
    [26_761_760, "26761760"],
    [1e20, "100000000000000000000"],
    [Number.MAX_SAFE_INTEGER, "9007199254740991"],
  ])("%d is %s", (value, text) => {
    expect(valueText(value)).toEqual({ text });
  });

  it.each([
    [-1, "below 0"],
    [-0.001, "below 0"],
    [1e21, "exponent"],
    [0.001, "would be read as 0"],
    [5e-324, "would be read as 0"],
    [Number.NaN, "no number"],
    [Number.POSITIVE_INFINITY, "no number"],
  ])("%d is refused", (value, reason) => {
    expect(valueText(value)).toEqual({ reason: expect.stringContaining(reason) });
  });

  it("is read as what it is, whatever it is", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e20, noNaN: true }), (value) => {
        const written = valueText(value);
        if ("reason" in written) expect(value).toBeLessThan(0.01);
        else {
          expect(Math.abs(read(written.text) - value)).toBeLessThanOrEqual(0.005 + value * 1e-15);
        }
      }),
    );
  });
});

describe("a time", () => {
  it("has six digits behind the point", () => {
    const at = new Date(2026, 10, 2, 3, 4, 5, 6).getTime();
    expect(localTime(at)).toBe("2026-11-02 03:04:05.006000");
    expect(localTime(at + 0.25)).toBe("2026-11-02 03:04:05.006250");
    expect(localTime(new Date(2026, 0, 1).getTime())).toBe("2026-01-01 00:00:00.000000");
  });
});
