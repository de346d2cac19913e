import { expect, test } from "vitest";
import { planLines } from "../src/commands/change/plan.ts";

test("a plan reads as a list of differences, without any value", () => {
  const lines = planLines(
    {
      steps: [
        { action: "add", process: "mail", scale: 2 },
        { action: "change", process: "web", keys: ["env", "stopTimeoutMs"] },
        { action: "scale", process: "jobs", from: 1, to: 3 },
        { action: "remove", process: "old", scale: 1 },
      ],
      applied: false,
      needsRestart: ["plugins"],
      version: 1,
    },
    false,
  );
  expect(lines).toEqual([
    "+ mail x2",
    "~ web: env, stopTimeoutMs",
    "= jobs from 1 to 3",
    "- old x1",
    "! plugins: only a new start of the app brings this change",
  ]);
});

test("nothing to do is no lines", () => {
  expect(planLines({ steps: [], applied: false, needsRestart: [], version: 1 }, true)).toEqual([]);
});
