import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { isThere, processRef, residentBytes, waitGone } from "../src/pids.ts";

test("a process is there until it has ended", async () => {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  await once(child, "spawn");
  const ref = processRef(child.pid ?? 0);
  expect(isThere(ref)).toBe(true);
  expect(await waitGone(ref, 50)).toBe(false);
  child.kill("SIGKILL");
  expect(await waitGone(ref, 10_000)).toBe(true);
});

test.runIf(process.platform === "linux")(
  "a pid that was given to another process is not it",
  () => {
    expect(isThere({ pid: process.pid, startTime: "1" })).toBe(false);
    expect(isThere(processRef(process.pid))).toBe(true);
  },
);

test.skipIf(process.platform === "win32")(
  "the memory of a process is known, and that of none is left out",
  async () => {
    const found = await residentBytes([process.pid, 2 ** 22 + 1]);
    expect([...found.keys()]).toEqual([process.pid]);
    // What Node says of itself, give or take what a collection frees meanwhile.
    const own = process.memoryUsage.rss();
    expect(found.get(process.pid)).toBeGreaterThan(own / 2);
    expect(found.get(process.pid)).toBeLessThan(own * 2);
    expect(await residentBytes([])).toEqual(new Map());
  },
);
