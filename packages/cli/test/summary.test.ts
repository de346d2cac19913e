import { expect, test } from "vitest";
import { groupByName, hasAllFailed, upLine } from "../src/output/summary.ts";
import type { MasterStatus, ProcessStatus } from "../src/preset.ts";

function one(name: string, index = 0, more: Partial<ProcessStatus> = {}): ProcessStatus {
  const role = name === "master" || name === "agent" ? name : "worker";
  return { name, role, index, state: "ready", restarts: 0, epoch: 1, uptimeMs: 0, ...more };
}

function status(...processes: ProcessStatus[]): MasterStatus {
  return {
    app: "shop",
    pid: 1,
    dir: "/shop",
    file: "/shop/elpis.config.ts",
    state: "running",
    startedAt: 0,
    processes: [one("master"), ...processes],
  };
}

test("what is up is said in start order, with how many there are", () => {
  const full = status(one("agent"), one("web"), one("web", 1), one("background"));
  expect(upLine(full, 1234)).toBe("shop is up: agent, web x2, background x1 (1.2 s)");
  expect(upLine(status(), 10)).toBe("shop is up: no processes (0.0 s)");
});

test("instances are gathered by name, wherever they stand", () => {
  const groups = groupByName([one("b"), one("a"), one("b", 1)]);
  expect(groups.map(({ name, all }) => [name, all.length])).toEqual([
    ["b", 2],
    ["a", 1],
  ]);
});

test("all have failed only when not one of them can come up again", () => {
  const failed = { state: "failed" } as const;
  expect(hasAllFailed(status())).toBe(false);
  expect(hasAllFailed(status(one("a", 0, failed), one("a", 1)))).toBe(false);
  expect(hasAllFailed(status(one("a", 0, failed), one("b", 0, { state: "backoff" })))).toBe(false);
  expect(hasAllFailed(status(one("a", 0, failed), one("b", 0, failed)))).toBe(true);
});
