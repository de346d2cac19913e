import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { InspectorLines } from "../src/watch/diagnosis/inspector-lines.ts";
import { type MemoryState, stepMemory } from "../src/watch/memory-rule.ts";
import { parseProcStat } from "../src/watch/proc-stat.ts";
import { applySystemLimits } from "../src/watch/system-limits.ts";
import { parsePs, UsageSampler } from "../src/watch/usage.ts";
import { makeDir } from "./support.ts";

describe("memory", () => {
  const LIMIT = { bytes: 100, forMs: 5000 };

  function feed(samples: readonly (readonly [atMs: number, bytes: number])[]): boolean[] {
    let state: MemoryState | undefined;
    return samples.map(([atMs, bytes]) => {
      const outcome = stepMemory(state, bytes, atMs, LIMIT);
      state = outcome.state;
      return outcome.exceeded;
    });
  }

  it("may be above the limit for a while", () => {
    const over = [0, 1000, 2000, 3000, 4000].map((at) => [at, 101] as const);
    expect(feed([...over, [4900, 100], [5000, 101], [9000, 101]])).not.toContain(true);
    expect(feed([...over, [5000, 101]]).at(-1)).toBe(true);
  });

  it("is not judged by time in which nobody looked", () => {
    expect(
      feed([
        [0, 101],
        [3_600_000, 101],
      ]),
    ).toEqual([false, false]);
  });
});

describe("usage", () => {
  it("reads the line of a process whose name has brackets", () => {
    const rest = "S 1 2 3 4 5 6 7 8 9 10 120 30 0 0 20 0 11 0 118664 990052352 12374 1844";
    expect(parseProcStat(`17 (a) b (c)) ${rest}`, 4096)).toEqual({
      state: "S",
      cpuMs: 1500,
      threads: 11,
      rssBytes: 12_374 * 4096,
    });
    expect(parseProcStat("", 4096)).toBeUndefined();
  });

  it("reads what ps prints, on Linux and macOS", () => {
    const text = "  12  2048 00:01:02\n 4711 1 1-00:00:01\n 5 10 1:02.50\n\n";
    expect([...parsePs(text)]).toEqual([
      [12, { rssBytes: 2048 * 1024, cpuMs: 62_000 }],
      [4711, { rssBytes: 1024, cpuMs: 86_401_000 }],
      [5, { rssBytes: 10_240, cpuMs: 62_500 }],
    ]);
  });

  it.runIf(process.platform === "linux")("measures a process that works", async () => {
    const usage = new UsageSampler();
    const first = (await usage.sample([process.pid, 2 ** 22 + 1])).get(process.pid);
    expect(first?.cpu).toBeUndefined();
    const rss = process.memoryUsage.rss();
    expect((first?.rssBytes ?? 0) / rss).toBeGreaterThan(0.5);
    expect((first?.rssBytes ?? 0) / rss).toBeLessThan(2);
    const end = performance.now() + 300;
    while (performance.now() < end);
    expect(usage.sampleNow([process.pid]).get(process.pid)?.cpu).toBeGreaterThan(0);
  });
});

describe("lines about the inspector", () => {
  const OPENED = "Debugger listening on ws://127.0.0.1:4242/a-b";

  it("tell where it is, and are shown unless they were asked for", async () => {
    const lines = new InspectorLines();
    expect(lines.take(OPENED)).toBe(false);
    expect(lines.url).toBe("ws://127.0.0.1:4242/a-b");
    expect(lines.take("Debugger ending on ws://127.0.0.1:4242/a-b")).toBe(false);
    expect(lines.url).toBeUndefined();
    const release = lines.use();
    const next = lines.next(1000);
    expect(lines.take(OPENED)).toBe(true);
    expect(lines.take("Debugger attached.")).toBe(true);
    expect(lines.take("an error of the application")).toBe(false);
    expect(await next).toBe("ws://127.0.0.1:4242/a-b");
    release();
    expect(lines.take("Waiting for the debugger to disconnect...")).toBe(true);
  });

  it("do not come for ever", async () => {
    expect(await new InspectorLines().next(1)).toBeUndefined();
  });
});

describe("limits of the system", () => {
  const LIMITS = { name: "web", limits: { memoryBytes: 1024, cpu: 1.5 } };
  const WHO = { app: "shop", index: 1, pid: 4711 };

  /** A folder that looks as the kernel's does, without what the kernel does in it. */
  function places(controllers: string): { root: string; ownFile: string } {
    const dir = makeDir({ own: "0::/user\n", "root/user/cgroup.subtree_control": "" });
    const root = join(dir, "root");
    if (controllers !== "") writeFileSync(join(root, "cgroup.controllers"), `${controllers}\n`);
    for (const path of ["", "elpis", "elpis/shop"]) {
      mkdirSync(join(root, path), { recursive: true });
      writeFileSync(join(root, path, "cgroup.subtree_control"), "");
    }
    return { root, ownFile: join(dir, "own") };
  }

  it("are a control group of its own", () => {
    const { root, ownFile } = places("cpu io memory");
    const { outcomes, release } = applySystemLimits(LIMITS, WHO, { root, ownFile });
    expect(outcomes).toEqual([{ what: "limits", applied: true }]);
    const group = (name: string): string =>
      readFileSync(join(root, "elpis/shop/web.1.4711", name), "utf8");
    expect(group("memory.max")).toBe("1024");
    expect(group("cpu.max")).toBe("150000 100000");
    expect(group("cgroup.procs")).toBe("4711");
    expect(readFileSync(join(root, "cgroup.subtree_control"), "utf8")).toBe("+memory +cpu");
    release();
  });

  it("that cannot be had are told", () => {
    const one = applySystemLimits(LIMITS, WHO, places(""));
    expect(one.outcomes[0]).toMatchObject({
      applied: false,
      why: expect.stringContaining("version 2"),
    });
    const other = applySystemLimits(LIMITS, WHO, places("memory"));
    expect(other.outcomes[0]).toMatchObject({
      applied: false,
      why: expect.stringContaining("not offer cpu"),
    });
    const nobody = applySystemLimits({ name: "web", nice: 5 }, { ...WHO, pid: 2 ** 22 + 1 });
    expect(nobody.outcomes[0]).toMatchObject({ what: "nice", applied: false });
  });
});
