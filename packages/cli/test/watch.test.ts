import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Changes, isIgnored, watchChanges } from "../src/watch.ts";

test.each([
  ["web.ts", false],
  ["src/deep/er.ts", false],
  ["distance.ts", false],
  ["src/logs.ts", false],
  ["node_modules/x/index.js", true],
  ["src/node_modules/x.js", true],
  ["dist/web.js", true],
  ["dist-test/web.js", true],
  ["logs/app.log", true],
  [".git/HEAD", true],
  [".env", true],
  ["", false],
])("%j below the watched directory: ignored is %s", (path, ignored) => {
  expect(isIgnored("/home/.me/app", join("/home/.me/app", path))).toBe(ignored);
});

let dir: string;
let changes: Changes;

beforeEach(async () => {
  dir = await realpath(await mkdtemp(join(tmpdir(), "elpis-watch-")));
  await mkdir(join(dir, "dist"));
  await writeFile(join(dir, "a.ts"), "1");
  changes = await watchChanges(dir, 50);
});

afterEach(async () => {
  await changes.close();
  await rm(dir, { recursive: true, force: true });
});

test("files that change together come together, and what is ignored does not come", async () => {
  await writeFile(join(dir, "dist", "a.js"), "1");
  await writeFile(join(dir, "a.ts"), "2");
  await writeFile(join(dir, "b.ts"), "1");
  expect([...((await changes.next()) ?? [])].sort()).toEqual([
    join(dir, "a.ts"),
    join(dir, "b.ts"),
  ]);
  await rm(join(dir, "b.ts"));
  expect(await changes.next()).toEqual([join(dir, "b.ts")]);
});

test("closing ends the waiting", async () => {
  const next = changes.next();
  await changes.close();
  expect(await next).toBeUndefined();
  expect(await changes.next()).toBeUndefined();
});
