import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Finding } from "../src/commands/machine/doctor/finding.ts";
import { checkPrivate, checkSaved } from "../src/commands/machine/doctor/folders.ts";
import {
  checkBacklog,
  checkClock,
  checkControlGroups,
  checkKept,
  checkNode,
  checkOpenFiles,
  checkPathLength,
  checkSpace,
  checkVersions,
} from "../src/commands/machine/doctor/system.ts";

const MIB = 1024 * 1024;
const space = { freeBytes: 1000 * MIB, freeFiles: 1e6, isMemory: false };
const pack = (version: string, where = "this program") => ({ name: "elpis", version, where });

describe("each look", () => {
  test.each<[string, Finding, Finding["level"]]>([
    ["Node 18", checkNode("18.20.0"), "fail"],
    ["Node 20.18", checkNode("20.18.9"), "fail"],
    ["Node 20.19", checkNode("20.19.0"), "ok"],
    ["Node 23", checkNode("23.1.0"), "warn"],
    ["few files", checkOpenFiles(100), "fail"],
    ["not many files", checkOpenFiles(1024), "warn"],
    ["many files", checkOpenFiles(65_536), "ok"],
    ["files that are not told", checkOpenFiles(undefined), "ok"],
    ["a short line", checkBacklog(128), "warn"],
    ["a long line", checkBacklog(4096), "ok"],
    ["a long path", checkPathLength(`/${"x".repeat(100)}`, "hub.sock", 107), "fail"],
    ["a rather long path", checkPathLength(`/${"x".repeat(60)}`, "hub.sock", 107), "warn"],
    ["a short path", checkPathLength("/run/user/1000/elpis", "hub.sock", 107), "ok"],
    ["a full disk", checkSpace("x", "/x", { ...space, freeBytes: MIB }), "fail"],
    ["a nearly full disk", checkSpace("x", "/x", { ...space, freeBytes: 50 * MIB }), "warn"],
    ["no room for files", checkSpace("x", "/x", { ...space, freeFiles: 10 }), "warn"],
    ["a disk that does not count files", checkSpace("x", "/x", { ...space, freeFiles: 0 }), "ok"],
    ["a disk", checkSpace("x", "/x", space), "ok"],
    ["saved in memory", checkKept("/x", true), "warn"],
    ["saved on a disk", checkKept("/x", false), "ok"],
    ["a clock in the past", checkClock(0, 1e12), "fail"],
    ["a clock", checkClock(2e12, 1e12), "ok"],
    ["old control groups", checkControlGroups({ hasVersion2: false, mayCreate: false }), "warn"],
    ["foreign control groups", checkControlGroups({ hasVersion2: true, mayCreate: false }), "warn"],
    ["control groups", checkControlGroups({ hasVersion2: true, mayCreate: true }), "ok"],
    ["one version", checkVersions([pack("1.0.0"), pack("1.0.0", "the project")]), "ok"],
    ["another version there", checkVersions([pack("1.0.0"), pack("1.1.0", "the project")]), "warn"],
    ["versions mixed", checkVersions([pack("1.0.0"), pack("1.1.0")]), "fail"],
  ])("%s", (_, found, level) => {
    expect(found.level).toBe(level);
    expect(found.message).not.toBe("");
    // Whatever is not well says what to do.
    expect(found.hint === undefined).toBe(level === "ok");
  });
});

describe("folders and files", () => {
  function inFolder(work: (dir: string) => void): void {
    const dir = mkdtempSync(join(tmpdir(), "elpis-doctor-"));
    try {
      work(dir);
    } finally {
      rmSync(dir, { recursive: true });
    }
  }

  test("a folder that others may enter is found, and mended", () => {
    inFolder((dir) => {
      const own = join(dir, "own");
      expect(checkPrivate("x", own).level).toBe("ok");
      mkdirSync(own);
      chmodSync(own, 0o755);
      const found = checkPrivate("x", own);
      expect(found).toMatchObject({ level: "fail", hint: `chmod 700 ${own}` });
      found.fix?.();
      expect(statSync(own).mode & 0o777).toBe(0o700);
      expect(checkPrivate("x", own).level).toBe("ok");
      writeFileSync(join(dir, "file"), "");
      expect(checkPrivate("x", join(dir, "file")).level).toBe("fail");
    });
  });

  test("what was saved is looked at: who may read it, what is in it, whether its folders are there", () => {
    inFolder((dir) => {
      const file = join(dir, ".saved.json");
      expect(checkSaved(file)).toMatchObject([{ level: "ok" }]);
      writeFileSync(file, "junk", { mode: 0o644 });
      chmodSync(file, 0o644);
      const found = checkSaved(file);
      expect(found.map(({ level }) => level)).toEqual(["fail", "fail"]);
      found[0]?.fix?.();
      expect(statSync(file).mode & 0o777).toBe(0o600);
      const apps = [{ app: "a", cwd: join(dir, "gone"), scale: {}, scaled: {} }];
      writeFileSync(file, JSON.stringify({ version: 1, apps }));
      expect(checkSaved(file)).toMatchObject([
        { level: "warn", message: expect.stringContaining("gone") },
      ]);
    });
  });
});
