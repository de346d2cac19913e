import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  checkName,
  checkSocketPath,
  ensurePrivateDir,
  runtimeBase,
  runtimeDir,
} from "../src/local/runtime-dir.ts";

const isWindows = process.platform === "win32";
const isRoot = process.getuid?.() === 0;
let base: string;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "elpis-"));
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(base, { recursive: true, force: true });
});

const refused = (code: string, message: RegExp): unknown =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

describe.skipIf(isWindows)("ensurePrivateDir", () => {
  test("makes the folder, and those above it, for this user only", () => {
    const dir = join(base, "a", "b");
    const before = process.umask(0);
    try {
      ensurePrivateDir(dir);
    } finally {
      process.umask(before);
    }
    for (const made of [join(base, "a"), dir]) expect(statSync(made).mode & 0o777).toBe(0o700);
  });

  test("takes one that is there and private", () => {
    ensurePrivateDir(base);
    ensurePrivateDir(base);
    expect(statSync(base).mode & 0o777).toBe(0o700);
  });

  test.each([0o755, 0o750, 0o701, 0o720, 0o1777])("refuses mode %o and leaves it alone", (mode) => {
    const dir = join(base, "open");
    mkdirSync(dir);
    chmodSync(dir, mode);
    expect(() => ensurePrivateDir(dir)).toThrow(
      refused("ELPIS_HUB_UNSAFE_DIR", new RegExp(`mode ${(mode & 0o777).toString(8)}`)),
    );
    expect(statSync(dir).mode & 0o1777).toBe(mode);
  });

  test("refuses a link, even to a folder that would do", () => {
    const target = join(base, "target");
    mkdirSync(target, { mode: 0o700 });
    const link = join(base, "link");
    symlinkSync(target, link);
    expect(() => ensurePrivateDir(link)).toThrow(
      refused("ELPIS_HUB_UNSAFE_DIR", /it is not a folder/),
    );
  });

  test.runIf(isRoot)("refuses a folder of another user", () => {
    const dir = join(base, "theirs");
    mkdirSync(dir, { mode: 0o700 });
    chownSync(dir, 12_345, 12_345);
    expect(() => ensurePrivateDir(dir)).toThrow(
      refused("ELPIS_HUB_UNSAFE_DIR", /it belongs to another user/),
    );
  });
});

describe("names", () => {
  test.each(["a", "shop", "Shop-2", "0", "a.b_c-d", "x".repeat(64)])("%s is one", (name) => {
    checkName(name);
    expect(runtimeDir(name, base)).toBe(join(base, name));
  });

  test.each([
    "",
    ".",
    "..",
    ".hidden",
    "-x",
    "_x",
    "a/b",
    "a\\b",
    "../a",
    "a b",
    "ä",
    "a\n",
    "a\0",
  ])("%j is none", (name) => {
    expect(() => runtimeDir(name, base)).toThrow(refused("ELPIS_HUB_BAD_NAME", /1 to 64 letters/));
  });

  test("one of 65 letters is too long", () => {
    expect(() => checkName("x".repeat(65))).toThrow(refused("ELPIS_HUB_BAD_NAME", /x{65}/));
  });
});

describe("runtimeBase", () => {
  test("is ELPIS_HOME, else below the system's folder, else below the temporary one", () => {
    vi.stubEnv("ELPIS_HOME", join(base, "home"));
    vi.stubEnv("XDG_RUNTIME_DIR", join(base, "run"));
    expect(runtimeBase()).toBe(join(base, "home"));
    expect(runtimeDir("shop")).toBe(join(base, "home", "shop"));
    vi.stubEnv("ELPIS_HOME", "");
    expect(runtimeBase()).toBe(join(base, "run", "elpis"));
    vi.stubEnv("XDG_RUNTIME_DIR", "");
    const user = isWindows ? /elpis-.+$/ : new RegExp(`elpis-${process.getuid?.()}$`);
    expect(runtimeBase()).toMatch(user);
    expect(runtimeBase().startsWith(tmpdir())).toBe(true);
  });
});

describe.skipIf(isWindows)("checkSocketPath", () => {
  const limit = process.platform === "linux" ? 107 : 103;

  test("lets a path of the limit through and refuses one byte more", () => {
    checkSocketPath("x".repeat(limit));
    for (const path of ["x".repeat(limit + 1), "é".repeat(limit / 2 + 1)]) {
      expect(() => checkSocketPath(path)).toThrow(
        refused("ELPIS_HUB_PATH_TOO_LONG", new RegExp(`over ${limit} bytes`)),
      );
    }
  });

  test("the limit is that of the system: a socket of that length is where it should be", async () => {
    const path = join(base, "s".repeat(limit - base.length - 1));
    checkSocketPath(path);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(path, resolve));
    expect(existsSync(path)).toBe(true);
    await new Promise((resolve) => server.close(resolve));
  });
});
