import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { drawBar, glyphsFor } from "../src/output/glyphs.ts";

const blocks = glyphsFor({ LANG: "de_DE.UTF-8" }, "linux");
const plain = glyphsFor({}, "linux");

test("blocks are for terminals that can show them", () => {
  expect(blocks.full).toBe("█");
  expect(glyphsFor({ LANG: "C", LC_ALL: "C.utf8" }, "linux")).toBe(blocks);
  expect(glyphsFor({ LANG: "de_DE.UTF-8", LC_CTYPE: "" }, "linux")).toBe(blocks);
  expect(glyphsFor({}, "win32")).toBe(blocks);
  expect(plain.full).toBe("=");
  expect(glyphsFor({ LANG: "de_DE.ISO-8859-1" }, "linux")).toBe(plain);
  expect(glyphsFor({ LANG: "de_DE.UTF-8", LC_ALL: "C" }, "linux")).toBe(plain);
  expect(glyphsFor({ LANG: "de_DE.UTF-8", TERM: "dumb" }, "linux")).toBe(plain);
});

describe("a bar", () => {
  test("is drawn to scale, half a cell exact", () => {
    expect(drawBar(0, 1, 4, blocks)).toBe("████");
    expect(drawBar(0, 0.5, 4, blocks)).toBe("██  ");
    expect(drawBar(0.5, 0.75, 4, blocks)).toBe("  █ ");
    expect(drawBar(0.125, 0.625, 4, blocks)).toBe("▐█▌ ");
    expect(drawBar(0.25, 0.75, 4, plain)).toBe(" == ");
  });

  test("is there, however short it is, and within its bounds wherever it lies", () => {
    expect(drawBar(0, 0, 4, blocks)).toBe("▌   ");
    expect(drawBar(1, 1, 4, blocks)).toBe("   ▐");
    const share = fc.double({ min: -2, max: 3, noNaN: true });
    fc.assert(
      fc.property(share, share, fc.integer({ min: 1, max: 50 }), (from, to, width) => {
        const bar = drawBar(from, to, width, blocks);
        expect([...bar]).toHaveLength(width);
        expect(bar.trim()).toMatch(/^[█▌▐]+$/);
      }),
    );
  });
});
