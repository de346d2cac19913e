import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ElpisHome } from "../support/elpis.ts";
import { isAlive } from "../support/processes.ts";
import { until } from "../support/wait.ts";
import { config, TICKER, writeApp } from "./fixtures.ts";

interface Finding {
  readonly check: string;
  readonly level: string;
  readonly message: string;
  readonly hint?: string;
  readonly fixable: boolean;
}

let home: ElpisHome;
let dir: string;

beforeEach(async () => {
  home = await ElpisHome.create();
  dir = await writeApp(join(home.dir, "work"), {
    "elpis.config.mjs": config({
      name: "ticker",
      processes: { tick: { entry: "./tick.mjs", env: { API_TOKEN: "hush" } } },
    }),
    "tick.mjs": TICKER,
  });
});

afterEach(async () => {
  await home?.remove();
});

describe("doctor", () => {
  async function findings(): Promise<Finding[]> {
    return (await home.json<{ findings: Finding[] }>(["doctor"])).findings;
  }

  test("finds nothing to repair in a folder that is as it should be", async () => {
    const { code, stdout, stderr } = await home.run(["doctor"]);
    expect(code, stdout).toBe(0);
    expect(stdout).toMatch(/^ok +node +Node \d+/m);
    expect(stderr).toMatch(/^elpis: \d+ ok, \d+ to look at, 0 to repair$/m);
    for (const one of await findings()) {
      expect(one).toMatchObject({
        check: expect.any(String),
        level: expect.stringMatching(/^(ok|warn)$/),
        message: expect.any(String),
        fixable: expect.any(Boolean),
      });
    }
  });

  test("finds a folder that others may enter, and --fix closes it", async () => {
    await chmod(home.dir, 0o755);
    const found = await home.run(["doctor"]);
    expect(found.code).toBe(14);
    expect(found.stdout).toContain(`chmod 700 ${home.dir}`);
    const fixed = await home.run(["doctor", "--fix"]);
    expect(fixed.code).toBe(0);
    expect(fixed.stderr).toContain(`repaired: others may enter ${home.dir}`);
  });

  test("finds what a killed master has left, and --fix clears it away", async () => {
    const { app } = await home.json<{ app: { pid: number } }>(["start"], { cwd: dir });
    process.kill(app.pid, "SIGKILL");
    await until("it to be gone", () => !isAlive(app.pid));
    const dead = (await findings()).find(({ check }) => check === "dead apps");
    expect(dead).toMatchObject({ level: "warn", fixable: true });
    expect(dead?.message).toContain(`ticker (pid ${app.pid})`);
    expect((await home.run(["doctor", "--fix"])).code).toBe(0);
    expect(await home.json(["list"])).toEqual({ apps: [] });
    expect(existsSync(join(home.dir, "ticker", "hub.sock"))).toBe(false);
    expect((await home.run(["start"], { cwd: dir })).code).toBe(0);
    expect((await findings()).find(({ check }) => check === "dead apps")?.level).toBe("ok");
    // What runs is not touched by it.
    expect((await home.run(["doctor", "--fix"])).code).toBe(0);
    expect((await home.run(["ps", "ticker"])).code).toBe(0);
  });
});

describe("startup", () => {
  test("prints a unit for this app, and changes nothing", async () => {
    const { code, stdout, stderr } = await home.run(["startup", "--platform", "systemd"], {
      cwd: dir,
    });
    expect(code).toBe(0);
    expect(stdout).toContain("Type=notify");
    expect(stdout).toContain("NotifyAccess=all");
    expect(stdout).toContain(`"run" "${join(dir, "elpis.config.mjs")}"`);
    expect(stdout).toContain(`Environment="ELPIS_HOME=${home.dir}"`);
    expect(stdout).not.toContain("hush");
    expect(stderr).toContain("elpis startup --write");
  });

  test("--write installs it, not twice, and --remove takes it away, config or not", async () => {
    const env = { XDG_CONFIG_HOME: join(home.dir, "cfg") };
    const file = join(home.dir, "cfg/systemd/user/elpis-ticker.service");
    const args = ["startup", "--platform", "systemd", "--user"];
    const done = await home.json<{ file: string; written: boolean; text: string }>(
      [...args, "--write"],
      { cwd: dir, env },
    );
    expect(done).toMatchObject({
      ...{ app: "ticker", platform: "systemd", scope: "user", file, written: true },
      ...{ ran: expect.any(Array), next: expect.any(Array) },
    });
    expect(await readFile(file, "utf8")).toBe(done.text);
    const again = await home.run([...args, "--write"], { cwd: dir, env });
    expect([again.code, again.stderr]).toEqual([16, expect.stringContaining("--force")]);
    expect((await home.run([...args, "--write", "--force"], { cwd: dir, env })).code).toBe(0);
    const remove = [...args, "--remove", "--app", "ticker"];
    expect(await home.json(remove, { env })).toMatchObject({ file, removed: true });
    expect(existsSync(file)).toBe(false);
    expect(await home.json(remove, { env })).toMatchObject({ removed: false });
  });

  test.each([
    ["launchd", "<key>KeepAlive</key>"],
    ["openrc", "supervisor=supervise-daemon"],
  ])("knows %s", async (platform, text) => {
    const { code, stdout } = await home.run(["startup", "--platform", platform], { cwd: dir });
    expect(code).toBe(0);
    expect(stdout).toContain(text);
  });

  test.each([
    [["--platform", "sysvinit"], 2],
    [["--platform", "openrc", "--user"], 2],
    [["--user", "--as", "ann"], 2],
    [["nowhere"], 3],
  ])("%j is refused", async (args, code) => {
    expect((await home.run(["startup", ...args], { cwd: dir })).code).toBe(code);
  });
});

describe("init", () => {
  test("writes a config that works, and never over another", async () => {
    const fresh = await writeApp(join(home.dir, "fresh"), {
      "package.json": '{ "name": "fresh", "main": "lib/main.js" }',
      "lib/main.js": "",
    });
    const { code, stderr } = await home.run(["init", "fresh"]);
    expect([code, stderr]).toEqual([0, expect.stringContaining("written: fresh/elpis.config.ts")]);
    expect(await readFile(join(fresh, "elpis.config.ts"), "utf8")).toContain('"./lib/main.js"');
    const again = await home.run(["init", "fresh"]);
    expect([again.code, again.stderr]).toEqual([16, expect.stringContaining("--force")]);
    expect((await home.run(["init", "--procfile", "--force", "fresh"])).code).toBe(0);
    expect((await home.run(["init"], { cwd: dir })).code).toBe(16);
    const guess = await home.json<{ file: string; notes: string[] }>(["init", "empty"]);
    expect(guess).toEqual({
      file: join(home.dir, "empty/elpis.config.ts"),
      notes: [expect.stringContaining("is a guess")],
    });
  });

  test("makes a config of what the app was started with until now", async () => {
    const old = await writeApp(join(home.dir, "old"), {
      Procfile: "web: node server.js\nworker: python3 jobs.py\n",
      "server.js": "",
      "notes.txt": "",
    });
    const { code, stderr } = await home.run(["init", "--from", "Procfile"], { cwd: old });
    expect(code, stderr).toBe(0);
    const source = await readFile(join(old, "elpis.config.ts"), "utf8");
    expect(source).toContain("jobs.py");
    const bad = await home.run(["init", "--force", "--from", "notes.txt"], { cwd: old });
    expect(bad.code).toBe(3);
  });

  test("with a file to begin with that is not there fails with 3", async () => {
    const { code, stderr } = await home.run(["init", "x", "--from", "Procfile"]);
    expect(code).toBe(3);
    expect(stderr).toContain("Procfile");
    expect(existsSync(join(home.dir, "x"))).toBe(false);
  });
});

test("config shows what is in force, and no secret", async () => {
  const { code, stdout } = await home.run(["config"], { cwd: dir });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^processes\.tick\.readyTimeoutMs +30000 /m);
  expect(stdout).not.toContain("hush");
  const shape = await home.json<{ app: string; file: string; values: object[] }>(["config", dir]);
  expect(shape).toMatchObject({ app: "ticker", file: join(dir, "elpis.config.mjs") });
  expect(shape.values).toContainEqual({
    path: "processes.tick.scale",
    value: 1,
    origin: expect.objectContaining({ from: expect.any(String) }),
  });
  expect((await home.run(["config", "nowhere"])).code).toBe(3);
});

describe("completion", () => {
  test("asks the program, which knows apps and processes", async () => {
    expect((await home.run(["start"], { cwd: dir })).code).toBe(0);
    const lines = async (...words: string[]): Promise<string[]> =>
      (await home.run(["__complete", "--", ...words])).stdout.trimEnd().split("\n");
    expect(await lines("sto")).toEqual(["stop"]);
    expect(await lines("stop", "")).toEqual(["ticker"]);
    expect(await lines("show", "t")).toEqual(["tick", "tick.0"]);
    expect(await lines("stop", "--n")).toEqual(["--now"]);
  });

  test("is a script that the shell reads", async () => {
    const { stdout } = await home.run(["completion", "bash"]);
    execFileSync("bash", ["-n", "-c", stdout]);
    const shim = `elpis() { shift 2; printf "%s+" asked "$@"; }`;
    const word = `COMP_WORDS=(elpis stop ti); COMP_CWORD=2; _elpis; echo "\${COMPREPLY[0]}"`;
    const shown = execFileSync("bash", ["-c", `${shim}\n${stdout}\n${word}`], { encoding: "utf8" });
    expect(shown).toBe("asked+stop+ti+\n");
    expect((await home.run(["completion", "zsh"])).stdout).toContain("#compdef elpis");
    expect((await home.run(["completion", "fish"])).stdout).toContain("complete -c elpis");
    expect((await home.run(["completion", "tcsh"])).code).toBe(2);
  });
});
