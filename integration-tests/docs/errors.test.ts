import { describe, expect, it } from "vitest";
import {
  codesInDocument,
  codesInSources,
  codesInThrows,
  filesWithComposedCodes,
} from "./error-codes.ts";

describe("docs/reference/errors.md", () => {
  const rows = codesInDocument();
  const documented = new Set(rows.map(({ code }) => code));
  const raised = codesInSources();

  it("has every code that the sources raise", () => {
    const missing = [...raised].filter(([code]) => !documented.has(code));
    expect(missing).toEqual([]);
    expect(raised.size).toBeGreaterThan(40);
  });

  it("has no code that the sources do not raise", () => {
    expect([...documented].filter((code) => !raised.has(code))).toEqual([]);
  });

  it("has each code once, and says what it means, when it comes, and what to do", () => {
    expect(
      rows.map(({ code }) => code).filter((code, at, all) => all.indexOf(code) !== at),
    ).toEqual([]);
    for (const { code, cells } of rows) {
      expect(cells, code).toHaveLength(3);
      expect(cells, code).not.toContain("");
    }
  });

  it("would not miss a code: only the plugin kernel puts codes together", () => {
    expect(filesWithComposedCodes()).toEqual(["packages/core/src/errors.ts"]);
  });

  it("is what the doc comments promise", () => {
    const unknown = [...codesInThrows()].filter(([code]) => !raised.has(code));
    expect(unknown).toEqual([]);
  });
});
