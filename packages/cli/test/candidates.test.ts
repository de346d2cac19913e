import { describe, expect, test } from "vitest";
import { candidates, type Names } from "../src/commands/project/candidates.ts";
import type { CliContext } from "../src/context.ts";
import { LEVELS } from "../src/preset.ts";
import { createProgram } from "../src/program.ts";

const sink = { columns: undefined, line: () => true } as unknown as CliContext["stdout"];
const program = createProgram({ stdout: sink, stderr: sink } as CliContext, () => {});
const names: Names = {
  apps: async () => ["shop", "blog"],
  processes: async (app) =>
    app === "blog" ? ["site", "site.0"] : ["web", "web.0", "web.1", "jobs"],
  tasks: async (app) => (app === "blog" ? ["index"] : ["cleanup", "report"]),
};

function complete(...words: string[]): Promise<string[]> {
  return candidates(program, words, names);
}

describe("completion", () => {
  test("of commands, without those that are internal", async () => {
    expect(await complete("re")).toEqual(["reload", "reporters", "restart", "resurrect"]);
    const all = await complete("");
    expect(all).toContain("ls");
    expect(all.filter((one) => one.startsWith("_"))).toEqual([]);
  });

  test("of options", async () => {
    expect(await complete("reload", "--ca")).toEqual(["--canary"]);
    expect(await complete("stop", "--")).toContain("--now");
    expect(await complete("errors", "--f")).toEqual(["--follow"]);
    expect(await complete("traces", "--s")).toEqual(["--since", "--slow", "--stats", "--status"]);
  });

  test("of apps and processes, where they belong", async () => {
    expect(await complete("stop", "")).toEqual(["blog", "shop"]);
    expect(await complete("stop", "shop", "")).toEqual([]);
    expect(await complete("restart", "--process", "web")).toEqual(["web", "web.0", "web.1"]);
    expect(await complete("show", "--app", "blog", "")).toEqual(["site", "site.0"]);
    expect(await complete("ps", "--app", "")).toEqual(["blog", "shop"]);
    expect(await complete("pid", "w")).toEqual(["web", "web.0", "web.1"]);
  });

  test("of what is special about a command", async () => {
    expect(await complete("scale", "")).toEqual(["jobs=", "web="]);
    expect(await complete("scale", "blog", "")).toEqual(["site="]);
    expect(await complete("signal", "web", "SIGH")).toEqual(["SIGHUP"]);
    expect(await complete("diag", "web", "")).toEqual([
      "cpu-profile",
      "gc",
      "heap-snapshot",
      "report",
    ]);
    expect(await complete("completion", "")).toEqual(["bash", "fish", "zsh"]);
    expect(await complete("logs", "--level", "")).toEqual([...LEVELS].sort());
    expect(await complete("logs", "--stream", "")).toEqual(["stderr", "stdout"]);
    expect(await complete("logs", "--process", "j")).toEqual(["jobs"]);
    expect(await complete("traces", "--process", "j")).toEqual(["jobs"]);
    expect(await complete("traces", "")).toEqual(["blog", "shop"]);
    // A text to look for, where it is the name of an app elsewhere.
    expect(await complete("traces", "--name", "")).toEqual([]);
    expect(await complete("start", "--name", "")).toEqual(["blog", "shop"]);
    expect(await complete("trace", "")).toEqual([]);
  });

  test("of commands within commands, and of tasks", async () => {
    const inner = ["history", "pause", "resume", "run"];
    expect(await complete("tasks", "")).toEqual([...inner, "blog", "shop"].sort());
    expect(await complete("tasks", "r")).toEqual(["resume", "run"]);
    expect(await complete("tasks", "run", "")).toEqual(["cleanup", "report"]);
    expect(await complete("tasks", "history", "--app", "blog", "")).toEqual(["index"]);
    expect(await complete("tasks", "run", "cleanup", "--w")).toEqual(["--wait"]);
    expect(await complete("tasks", "shop", "")).toEqual([]);
  });

  test("has nothing to say about files, and about what is not known", async () => {
    expect(await complete("start", "./a")).toEqual([]);
    expect(await complete("ps", "--config", "")).toEqual([]);
    expect(await complete("nonsense", "")).toEqual([]);
  });
});
