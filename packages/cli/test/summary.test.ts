import { expect, test } from "vitest";
import { groupByName, upLine, whatEnded } from "../src/output/summary.ts";
import type { ProcessStatus } from "../src/preset.ts";
import { worker as one, status } from "./statuses.ts";

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

test("an app is at its end only when nothing runs and nothing can come up again", () => {
  const failed = { state: "failed" } as const;
  const ended = { state: "stopped" } as const;
  expect(whatEnded(status())).toBeUndefined();
  for (const state of ["waiting", "starting", "ready", "stopping", "backoff"] as const) {
    expect(whatEnded(status(one("a", 0, failed), one("b", 0, ended), one("c", 0, { state })))).toBe(
      undefined,
    );
  }
  const names = (...own: ProcessStatus[]) => whatEnded(status(...own))?.map(({ name }) => name);
  expect(names(one("a", 0, failed), one("b", 0, failed))).toEqual(["a", "b"]);
  expect(names(one("a", 0, ended), one("b", 0, failed))).toEqual(["a", "b"]);
  expect(names(one("agent", 0, ended), one("a", 0, ended))).toEqual(["agent", "a"]);
});

test("an app that is being stopped does not come to its end by itself", () => {
  const stopping = { ...status(one("a", 0, { state: "stopped" })), state: "stopping" } as const;
  expect(whatEnded(stopping)).toBeUndefined();
});
