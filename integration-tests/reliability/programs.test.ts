import { execFile, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { processesOf } from "../support/processes.ts";
import { until } from "../support/wait.ts";

interface Figure {
  readonly what: string;
  readonly ok: boolean;
}
interface Report {
  readonly error?: string;
  readonly figures: readonly Figure[];
}

const DIR: string = fileURLToPath(new URL(".", import.meta.url));
/** What integration-tests/metrics/prometheus.test.ts shows in its short form. */
const ELSEWHERE = ["metrics.mjs"];
const PROGRAMS: string[] = readdirSync(DIR).filter(
  (file) => file.endsWith(".mjs") && !ELSEWHERE.includes(file),
);
// They ask the kernel about processes, and stop and continue them.
const onLinux = test.runIf(process.platform === "linux");

/** Runs the small form of a program; what it printed, whatever became of it. */
function runShort(file: string): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const args = [join(DIR, file), "--short", "--json", "--seed=1"];
    const child = execFile(process.execPath, args, { timeout: 50_000 }, (_, stdout, stderr) => {
      resolve({ code: child.exitCode ?? 1, stdout, stderr });
    });
  });
}

/** Those that need all of the box to be done in time. */
const ALONE = ["g05-", "g10-", "g11-", "g12-", "g13-", "leaks", "logs-shared", "schedule"];
const isAlone = (file: string) => ALONE.some((name) => file.startsWith(name));
/** Those that were disturbed by their neighbour. */
const disturbed: string[] = [];

async function meetsItsGoals(file: string): Promise<void> {
  const { code, stdout, stderr } = await runShort(file);
  expect(stdout, stderr).not.toBe("");
  const { error, figures } = JSON.parse(stdout) as Report;
  expect({ error, short: figures.filter(({ ok }) => !ok) }, stderr).toEqual({ short: [] });
  expect(code).toBe(0);
}

// Two at a time: most of what they do is to wait. They measure, so whoever has fallen through is judged by itself.
describe.concurrent("beside one another", () => {
  onLinux.for(PROGRAMS.filter((file) => !isAlone(file)))("%s, short form", async (file) => {
    await meetsItsGoals(file).catch(() => disturbed.push(file));
  });
});

onLinux.for(PROGRAMS.filter(isAlone))("%s, short form, alone", meetsItsGoals);

onLinux("those that were disturbed, alone", { timeout: 400_000 }, async () => {
  for (const file of disturbed) await meetsItsGoals(file);
});

// The second runs a whole application, with a master, workers and a guardian.
const KILLED = ["g10-stopped-consumer.mjs", "g08-master-death.mjs"];

onLinux.for(KILLED)("%s, killed, leaves no process and no folder behind", async (name) => {
  const temp = mkdtempSync(join(tmpdir(), "elpis-it-"));
  onTestFinished(() => rmSync(temp, { recursive: true, force: true }));
  const env = { ...process.env, TMPDIR: temp };
  const file = join(DIR, name);
  const child = spawn(process.execPath, [file, "--short", "--box=90"], { env, stdio: "ignore" });
  onTestFinished(() => void child.kill("SIGKILL"));
  const home = await until("its folder", () => {
    const [folder] = readdirSync(temp);
    return folder !== undefined && join(temp, folder);
  });
  // A process that is stopped cannot notice by itself that the program is gone.
  await until("a process to be stopped", () =>
    processesOf(home).some(({ state }) => state === "T"),
  );
  child.kill("SIGKILL");
  await until("all to be gone", () => processesOf(home).length === 0 && !existsSync(home));
});
