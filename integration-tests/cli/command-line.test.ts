import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ElpisHome } from "../support/elpis.ts";

let home: ElpisHome;

beforeAll(async () => {
  home = await ElpisHome.create();
});

afterAll(async () => {
  await home?.remove();
});

test("--version prints the version of the package", async () => {
  const file = new URL("../../packages/cli/package.json", import.meta.url);
  const { version } = JSON.parse(readFileSync(file, "utf8")) as { version: string };
  expect(await home.run(["--version"])).toMatchObject({ code: 0, stdout: `${version}\n` });
});

const COMMANDS = [
  ...["run", "dev", "start", "stop", "restart", "reload", "rollback", "scale", "apply", "signal"],
  ...["list", "show", "ps", "pid", "logs", "health", "errors", "metrics", "inspect", "diag"],
  ...["tasks", "reporters", "traces", "trace"],
  ...["save", "resurrect", "exit", "startup", "doctor", "init", "config", "completion"],
];

test("help lists the commands, and not the internal ones", async () => {
  const { code, stdout } = await home.run(["help"]);
  expect(code).toBe(0);
  for (const name of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${name}\\b`, "m"));
  expect(stdout).not.toContain("__");
});

test.each(["run", "reload", "list"])("%s --help names the common options", async (command) => {
  const { code, stdout } = await home.run([command, "--help"]);
  expect(code).toBe(0);
  for (const option of ["--json", "--app", "--config", "--timeout", "--verbose"]) {
    expect(stdout).toContain(option);
  }
});

describe("a command line that is wrong ends with 2", () => {
  test.each([
    ["no command", [], "Usage: elpis"],
    ["an unknown command", ["strat"], "Did you mean start?"],
    ["an unknown option", ["list", "--jsn"], "--jsn"],
    ["a bad duration", ["stop", "--timeout", "soon"], "such as 500ms"],
    ["a bad count", ["start", "x.js", "-i", "0"], "whole number from 1"],
    ["a bad number to scale to", ["scale", "web=many"], "such as web=4"],
    ["a bad count of a trial", ["reload", "--canary", "0"], "whole number from 1"],
    ["options of a trial without one", ["reload", "--for", "3s"], "go with --canary"],
    ["a bad kind of look", ["diag", "web", "x-ray"], "cpu-profile"],
    ["no names", ["restart", "--process", ","], "names such as web,jobs"],
    ["two scopes", ["startup", "--user", "--system"], "--system"],
    ["a bad number of lines", ["logs", "-n", "many"], "whole number from 0"],
    ["too many arguments", ["stop", "a", "b"], "too many arguments"],
  ])("%s", async (_, args, text) => {
    const { code, stdout, stderr } = await home.run(args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(text);
  });

  test("with --json the error is data on stdout", async () => {
    const { code, stdout, stderr } = await home.run(["list", "--jsn", "--json"]);
    expect([code, stderr]).toEqual([2, ""]);
    expect(JSON.parse(stdout)).toEqual({
      error: {
        code: "ELPIS_CLI_USAGE",
        message: expect.stringContaining("--jsn"),
        details: {},
      },
    });
  });
});

test.each([
  ["run", ["x".repeat(300)]],
  ["start", ["x".repeat(300)]],
  ["stop", ["--config", "x".repeat(300)]],
])("%s with a path that no file can have ends with 3", async (command, args) => {
  const { code, stderr } = await home.run([command, ...args]);
  expect(code).toBe(3);
  expect(stderr).toContain("No application found at");
});

test("stacks are only printed when they are asked for", async () => {
  const plain = await home.run(["stop", "nobody"]);
  expect(plain.stderr.trimEnd().split("\n")).toHaveLength(1);
  for (const extra of [{ args: ["--verbose"] }, { args: [], env: { DEBUG: "elpis:*" } }]) {
    const { stderr } = await home.run(["stop", "nobody", ...extra.args], {
      env: { ...extra.env },
    });
    expect(stderr).toContain("[ELPIS_CLI_NOT_RUNNING]");
    expect(stderr).toMatch(/^ +at /m);
  }
});
