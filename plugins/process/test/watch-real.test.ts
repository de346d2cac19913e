import { type ChildProcess, fork } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { resolveConfig } from "../src/config/resolve.ts";
import type { ProcessConfig, ProcessDefinition } from "../src/config/types.ts";
import type { Vitals } from "../src/status.ts";
import { type HungReport, writeHungReport } from "../src/watch/diagnosis/hung-report.ts";
import { InspectorLines } from "../src/watch/diagnosis/inspector-lines.ts";
import { MemorySampler } from "../src/watch/memory-sampler.ts";
import { ProcessWatch, type WatchVerdict } from "../src/watch/process-watch.ts";
import { makeDir } from "./support.ts";

const BUSY = 60_000;
const PATIENCE_MS = 20_000;
const LOG = { debug() {}, info() {}, warn() {}, error() {}, child: () => LOG };

/** A child that beats over Node's channel, and does on a signal what the script says; watched as a master would. */
interface Watched {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly verdicts: WatchVerdict[];
  beats: number;
  /** Waits for a verdict. */
  told(type: WatchVerdict["type"]): Promise<void>;
}

async function start(script: string, config: Partial<ProcessConfig>): Promise<Watched> {
  const beat = "setInterval(() => process.send('beat'), 50);";
  const text = `process.debugPort = 0;\nfunction act() {\n${script}\n}\nprocess.on("SIGUSR2", act);\n${beat}`;
  const dir = makeDir({ "app.cjs": text });
  const processes = { web: { entry: "app.cjs", ...config } };
  const { processes: definitions } = resolveConfig({ name: "t", processes }, { file: dir, dir });
  const definition = definitions[0] as ProcessDefinition;
  const child = fork(join(dir, "app.cjs"), { stdio: ["ignore", "ignore", "pipe", "ipc"] });
  const pid = child.pid ?? 0;
  const lines = new InspectorLines();
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    for (const line of chunk.split("\n")) lines.take(line);
  });
  const patient = { label: "web.0", pid, isNode: true, lines };
  const subject = { app: "t", process: "web", index: 0, cause: "silent", lastLines: [] };
  const verdicts: WatchVerdict[] = [];
  const watch: ProcessWatch = new ProcessWatch({
    ...{ definition, pid, log: LOG, memory: new MemorySampler() },
    probe: { client: { request: () => Promise.reject(new Error()) }, peerId: 1, env: {}, cwd: dir },
    onVerdict: (verdict) => verdicts.push(verdict),
    examine: () =>
      writeHungReport(join(dir, "out"), patient, { ...subject, vitals: watch.vitals }, PATIENCE_MS),
  });
  onTestFinished(() => {
    watch.close();
    child.kill("SIGKILL");
  });
  const watched: Watched = {
    ...{ child, pid, verdicts, beats: 0 },
    told: async (type) => {
      const types = (): string[] => verdicts.map((verdict) => verdict.type);
      await expect.poll(types, { timeout: PATIENCE_MS }).toContain(type);
    },
  };
  child.on("message", () => {
    watched.beats += 1;
    watch.beat({ requests: 0 } as Vitals);
  });
  await expect.poll(() => watched.beats, { timeout: PATIENCE_MS }).toBeGreaterThan(0);
  watch.ready();
  return watched;
}

describe.runIf(process.platform !== "win32")("a real process", () => {
  it("that blocks its event loop is hung, and it is known where", { timeout: BUSY }, async () => {
    const one = await start("for (;;);", { liveness: { interval: "800ms" } });
    one.child.kill("SIGUSR2");
    await one.told("hung");
    expect(one.verdicts.map(({ type }) => type)).toEqual(["silent", "hung"]);
    const { report = "" } = one.verdicts[1] as { report?: string };
    const { stack } = JSON.parse(readFileSync(report, "utf8")) as HungReport;
    expect(stack?.[0]).toMatchObject({ function: "act", line: 3 });
  });

  it("that is stopped is silent, and responsive when it goes on", { timeout: BUSY }, async () => {
    const one = await start("", { liveness: { interval: "1500ms" } });
    process.kill(one.pid, "SIGSTOP");
    await one.told("silent");
    process.kill(one.pid, "SIGCONT");
    await one.told("responsive");
    process.kill(one.pid, "SIGSTOP");
    await one.told("hung");
    const last = one.verdicts.at(-1) as { report?: string };
    expect(readFileSync(last.report ?? "", "utf8")).toContain("stopped");
  });

  it("is not condemned because the one who watches was away", { timeout: BUSY }, async () => {
    const one = await start("", { liveness: { interval: "1s" } });
    for (let round = 0; round < 3; round += 1) {
      const seen = one.beats;
      const end = performance.now() + 2600;
      while (performance.now() < end);
      await expect.poll(() => one.beats, { timeout: PATIENCE_MS }).toBeGreaterThan(seen + 3);
    }
    expect(one.verdicts).toEqual([]);
  });

  it("that takes too much memory, and keeps it, is to be replaced", { timeout: BUSY }, async () => {
    const script = "globalThis.kept = Buffer.alloc(300 * 1024 * 1024, 1);";
    const config = { memoryLimit: { limit: "250mb", for: "1s" }, liveness: false as const };
    const one = await start(script, config);
    const seen = one.beats;
    await expect.poll(() => one.beats, { timeout: PATIENCE_MS }).toBeGreaterThan(seen + 10);
    expect(one.verdicts).toEqual([]);
    one.child.kill("SIGUSR2");
    await one.told("replace");
    expect(one.verdicts).toEqual([{ type: "replace", cause: "memory-limit" }]);
  });
});
