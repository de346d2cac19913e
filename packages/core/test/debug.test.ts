import { describe, expect, test, vi } from "vitest";
import { debug } from "../src/debug.ts";

describe("debug", () => {
  test.each([
    [undefined, false],
    ["", false],
    ["express:*", false],
    ["elpis:*", true],
    ["elpis:hub", true],
    ["elpis:router", false],
    ["*", true],
    ["foo, elpis:hub", true],
    ["elpis:*,-elpis:hub", false],
    ["elpis.hub", false],
  ])("with DEBUG=%s the hub's area is on: %s", (wanted, isOn) => {
    expect(debug("hub", wanted) !== undefined).toBe(isOn);
  });

  test("writes lines with their values to the standard error", () => {
    const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    try {
      debug("hub", "elpis:*")?.("%s joined as %d", "web", 3);
      expect(write).toHaveBeenCalledExactlyOnceWith(
        expect.stringMatching(/^elpis:hub \d+ web joined as 3 \+\d+\.\dms\n$/),
      );
    } finally {
      write.mockRestore();
    }
  });
});
