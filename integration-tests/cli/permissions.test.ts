import { execFile, execFileSync } from "node:child_process";
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ElpisHome } from "../support/elpis.ts";
import { config, TICKER, writeApp } from "./fixtures.ts";

const BIN = fileURLToPath(new URL("../../packages/cli/dist/bin.js", import.meta.url));
/** A user that has nothing; the number need not be one that the system has a name for. */
const OTHER = "54321";

/** Whether this machine lets us be somebody else, who can read the program. */
function canBeOther(): boolean {
  try {
    execFileSync("setpriv", [...as(OTHER), process.execPath, BIN, "--version"], {
      stdio: "ignore",
      cwd: "/",
    });
    return true;
  } catch {
    console.log("skipped: only root, with setpriv, can run a command as another user");
    return false;
  }
}

function as(id: string): string[] {
  return ["--reuid", id, "--regid", id, "--clear-groups", "--"];
}

let home: ElpisHome;
let dir: string;

beforeEach(async () => {
  home = await ElpisHome.create();
  dir = await writeApp(join(home.dir, "work"), {
    "elpis.config.mjs": config({ name: "ticker", processes: { tick: "./tick.mjs" } }),
    "tick.mjs": TICKER,
  });
});

afterEach(async () => {
  await home?.remove();
});

interface Ended {
  readonly code: number;
  readonly output: string;
}

function runAsOther(
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const env = { PATH: process.env.PATH, ELPIS_HOME: home.dir, ...more };
  return new Promise((resolve) => {
    const command = [...as(OTHER), process.execPath, BIN, ...args];
    execFile("setpriv", command, { env, cwd: "/" }, (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), output: stdout + stderr });
    });
  });
}

test.skipIf(!canBeOther())(
  "another user is told whose apps these are, and can do nothing",
  async () => {
    expect((await home.run(["start"], { cwd: dir })).code).toBe(0);
    for (const mode of [0o700, 0o755]) {
      await chmod(home.dir, mode);
      for (const args of [["list"], ["stop", "ticker"], ["ps", "ticker"], ["reload", "ticker"]]) {
        const { code, output } = await runAsOther(args);
        expect([args, code]).toEqual([args, 13]);
        expect(output).toContain(
          `belongs to user ${process.getuid?.()}, and this is user ${OTHER}`,
        );
        expect(output).toContain(home.dir);
      }
    }
    await chmod(home.dir, 0o700);
    const save = await runAsOther(["doctor"]);
    expect(save.code).toBe(14);
    expect((await home.run(["ps", "ticker"])).code).toBe(0);
  },
);

test.skipIf(!canBeOther())("a config that cannot be read is told with its path", async () => {
  await chmod(join(dir, "elpis.config.mjs"), 0o600);
  for (const mode of [0o700, 0o755]) {
    await chmod(home.dir, mode);
    const { code, output } = await runAsOther(["start", dir], { ELPIS_HOME: "/tmp/elpis-none" });
    expect([mode, code]).toEqual([mode, 3]);
    expect(output).toContain(dir);
    expect(output).toMatch(/EACCES|permission denied/);
  }
  await chmod(home.dir, 0o700);
});

test("a folder that others may enter is refused with 13 at the start", async () => {
  await chmod(home.dir, 0o777);
  const { code, stderr } = await home.run(["start"], { cwd: dir });
  expect(code).toBe(13);
  expect(stderr).toContain(home.dir);
});
