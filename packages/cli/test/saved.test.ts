import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { scaledOtherwise } from "../src/commands/user/save.ts";
import { readSaved, savedFile, stateDir, writeSaved } from "../src/saved/file.ts";
import { asRecord, optionsOf } from "../src/saved/start-record.ts";
import { worker } from "./statuses.ts";

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "elpis-saved-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

test("the folder is the one that was asked for, else that for what is to stay", () => {
  expect(stateDir({ ELPIS_HOME: "/e", XDG_STATE_HOME: "/x" })).toBe("/e");
  expect(stateDir({ ELPIS_HOME: "", XDG_STATE_HOME: "/x" })).toBe("/x/elpis");
  expect(stateDir({ HOME: "/h" })).toMatch(/\.local.state.elpis$/);
  expect(savedFile({ ELPIS_HOME: "/e" })).toBe("/e/.saved.json");
});

test("what is saved comes back, and nobody else can read it", () => {
  const file = join(dir, "deep", ".saved.json");
  const app = { app: "shop", cwd: "/srv", instances: 2, scale: { web: 2 }, scaled: { web: 5 } };
  writeSaved(file, [app]);
  expect(readSaved(file)).toEqual([app]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  writeSaved(file, []);
  expect(readSaved(file)).toEqual([]);
});

test.each([
  ["no JSON", "{", "no JSON"],
  ["another shape", "[]", "not what save writes"],
  ["null", "null", "not what save writes"],
  ["another version", '{"version":2,"apps":[]}', "not what save writes"],
  ["an app without a name", '{"version":1,"apps":[{}]}', "one of its apps"],
  ["an app that is none", '{"version":1,"apps":[null]}', "one of its apps"],
])("a file with %s is told", (_, text, why) => {
  const file = join(dir, "saved");
  writeFileSync(file, text);
  expect(() => readSaved(file)).toThrow(
    expect.objectContaining({
      code: "ELPIS_CLI_SAVED_UNREADABLE",
      message: expect.stringContaining(why),
    }),
  );
});

test("a file that is not there is told as such", () => {
  expect(() => readSaved(join(dir, "none"))).toThrow(
    expect.objectContaining({ code: "ELPIS_CLI_NOTHING_SAVED" }),
  );
});

test("of a record that somebody else wrote only what makes sense is taken", () => {
  const record = { app: "a", cwd: "/", path: 5, instances: "many", scale: { web: "x", jobs: 1 } };
  expect(asRecord(record)).toEqual({ app: "a", cwd: "/", scale: { jobs: 1 } });
  expect(asRecord({ app: "a" })).toBeUndefined();
  expect(asRecord("a")).toBeUndefined();
});

test("an app is started again as it was", () => {
  const record = { app: "a", cwd: "/w", path: "/w/a.js", name: "a", instances: 2, scale: {} };
  expect(optionsOf(record)).toEqual({ path: "/w/a.js", app: "a", instances: 2 });
});

test("only those that somebody has scaled are remembered with a number", () => {
  const running = [worker("web"), worker("web", 1), worker("jobs")];
  expect(scaledOtherwise({ web: 2, jobs: 3, gone: 1, none: 0 }, running)).toEqual({
    jobs: 1,
    gone: 0,
  });
});
