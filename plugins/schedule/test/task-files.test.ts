import { mkdirSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { SavedTask } from "../src/machine/saved-task.ts";
import { TaskFiles } from "../src/master/task-files.ts";
import { SILENT, stateDir } from "./support/application.ts";

describe("the files of tasks", () => {
  it("are tried again by one clock, and once more at the end, after which nothing is written", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const dir = join(await stateDir(), "test");
    const saved = { format: 1, name: "a" } as unknown as SavedTask;
    const files = new TaskFiles(dir, () => saved, SILENT);
    for (const task of ["a", "b", "a"]) await files.save(task);
    expect(vi.getTimerCount()).toBe(1);
    mkdirSync(dir);
    await files.close();
    expect(readdirSync(dir).sort()).toEqual(["a.task.json", "b.task.json"]);
    expect(vi.getTimerCount()).toBe(0);
    renameSync(dir, `${dir}.away`);
    await files.save("a");
    expect(vi.getTimerCount()).toBe(0);
  });
});
