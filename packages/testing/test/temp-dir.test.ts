import { existsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempDir } from "@elpis/testing";
import { expect, test } from "vitest";

test("a folder is private, its own, and gone afterwards", async () => {
  const one = await tempDir();
  const other = await tempDir();
  expect(one.path).not.toBe(other.path);
  if (process.platform !== "win32") expect(statSync(one.path).mode & 0o777).toBe(0o700);
  writeFileSync(join(one.path, "file"), "text");

  await one.remove();
  await one.remove();
  expect(existsSync(one.path)).toBe(false);
  expect(existsSync(other.path)).toBe(true);

  await other[Symbol.asyncDispose]();
  expect(existsSync(other.path)).toBe(false);
});
