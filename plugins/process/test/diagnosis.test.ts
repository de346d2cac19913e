import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, it, onTestFinished } from "vitest";
import { diagnose } from "../src/watch/diagnosis/diagnose.ts";
import { type HungReport, writeHungReport } from "../src/watch/diagnosis/hung-report.ts";
import { InspectorLines } from "../src/watch/diagnosis/inspector-lines.ts";
import {
  isInspectable,
  openInspector,
  type Patient,
} from "../src/watch/diagnosis/open-inspector.ts";
import { failure, makeDir } from "./support.ts";

const BUSY = 60_000;
/** Long enough for a machine that has other things to do; the real bound is shorter. */
const PATIENCE_MS = 20_000;

interface Running extends Patient {
  readonly child: ChildProcess;
  /** What is left of its stderr when the lines about the inspector are taken out. */
  readonly stderr: string[];
  /** A folder that is removed after the test. */
  readonly dir: string;
  said(line: string): Promise<void>;
}

/** Starts a script as a worker is started, as far as the inspector goes; it is killed after the test. */
function run(script: string, nodeArgs: readonly string[] = []): Running {
  const dir = makeDir({ "app.mjs": `process.debugPort = 0;\n${script}` });
  const child = spawn(process.execPath, [...nodeArgs, join(dir, "app.mjs")]);
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines = new InspectorLines();
  const stderr: string[] = [];
  const stdout: string[] = [];
  createInterface(child.stderr).on("line", (line) => lines.take(line) || stderr.push(line));
  createInterface(child.stdout).on("line", (line) => stdout.push(line));
  return {
    ...{ child, lines, stderr, dir, pid: child.pid ?? 0, label: "web.0", isNode: true },
    said: (line) => expect.poll(() => stdout, { timeout: PATIENCE_MS }).toContain(line),
  };
}

const SUBJECT = {
  ...{ app: "shop", process: "web", index: 0, cause: "silent", vitals: undefined },
  lastLines: ["the last words"],
};

async function report(one: Running): Promise<HungReport> {
  const file = await writeHungReport(join(one.dir, "out"), one, SUBJECT, PATIENCE_MS);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(join(one.dir, "out")).mode & 0o777).toBe(0o700);
  return JSON.parse(readFileSync(file, "utf8")) as HungReport;
}

describe.runIf(process.platform !== "win32")("a report of a process that is hung", () => {
  it("has the stack of a blocked event loop, and heap", { timeout: BUSY }, async () => {
    const one = run(
      "function spinForEver() {\n  for (let i = 0; ; i += 1);\n}\nsetTimeout(function go() { console.log('up'); spinForEver(); });",
    );
    await one.said("up");
    const { stack = [], heap, pid, lastLines, cause, noStack } = await report(one);
    expect(noStack).toBeUndefined();
    expect(stack[0]).toMatchObject({ function: "spinForEver", line: 3 });
    expect(stack[0]?.file).toMatch(/^file:.*app\.mjs$/);
    expect(stack[1]).toMatchObject({ function: "go", line: 5 });
    expect(heap?.usedBytes).toBeGreaterThan(0);
    expect({ pid, lastLines, cause }).toEqual({
      ...{ pid: one.pid, lastLines: ["the last words"], cause: "silent" },
    });
    // Nobody should see that it was looked into.
    expect(one.stderr).toEqual([]);
    expect(one.child.exitCode).toBeNull();
  });

  it("of one that recovers leaves it as it was", { timeout: BUSY }, async () => {
    const one = run(
      "setInterval(() => console.log('turns'), 50);\nsetTimeout(() => {\n  console.log('up');\n  const end = Date.now() + 3000;\n  while (Date.now() < end);\n  setTimeout(() => console.log('well'), 100);\n}, 100);",
    );
    await one.said("up");
    // It hangs in its loop, or is on its way there, still printing.
    const lines = (await report(one)).stack?.map(({ line }) => line);
    expect(lines?.some((line) => line === 6 || line === 4)).toBe(true);
    await one.said("well");
    await expect.poll(() => listeners(one.pid), { timeout: PATIENCE_MS }).toBe(0);
    expect(one.stderr).toEqual([]);
  });

  it.runIf(process.platform === "linux")(
    "of one that is stopped has what the system tells",
    { timeout: BUSY },
    async () => {
      const one = run(
        "process.on('SIGCONT', () => console.log('turns'));\nsetInterval(() => {}, 1000);\nconsole.log('up');",
      );
      await one.said("up");
      process.kill(one.pid, "SIGSTOP");
      const stopped = (): string => readFileSync(`/proc/${one.pid}/stat`, "latin1");
      await expect.poll(stopped).toMatch(/\) T /);
      const { stack, noStack, system } = await report(one);
      expect(stack).toBeUndefined();
      expect(noStack).toContain("it is stopped");
      expect(system.state).toContain("stopped");
      expect(system.rssBytes).toBeGreaterThan(1_000_000);
      expect(system.openFiles).toBeGreaterThan(2);
      process.kill(one.pid, "SIGCONT");
      await one.said("turns");
      // It was not told anything that it would hear when it goes on.
      expect(one.stderr).toEqual([]);
      expect(listeners(one.pid)).toBe(0);
    },
  );

  it("is there in time for a process that waits in the system", { timeout: BUSY }, async () => {
    const one = run(
      "console.log('up');\nAtomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);",
    );
    await one.said("up");
    const began = performance.now();
    const file = await writeHungReport(join(one.dir, "out"), one, SUBJECT, 300);
    expect(performance.now() - began).toBeLessThan(PATIENCE_MS / 2);
    const { stack, noStack, system } = JSON.parse(readFileSync(file, "utf8")) as HungReport;
    expect(stack ?? noStack).toBeDefined();
    if (process.platform === "linux") expect(system.state).toMatch(/^[SRD]/);
  });

  it("is kept only when it is among the newest", { timeout: BUSY }, async () => {
    const gone = { label: "web.0", pid: 2 ** 22 + 1, isNode: true, lines: new InspectorLines() };
    const dir = join(makeDir(), "out");
    const first = await writeHungReport(dir, gone, SUBJECT);
    writeFileSync(join(dir, "notes.txt"), "");
    for (let at = 0; at < 20; at += 1) {
      await writeHungReport(dir, gone, { ...SUBJECT, process: `w${at}` });
    }
    const files = readdirSync(dir);
    expect(files).toHaveLength(21);
    expect(files).toContain("notes.txt");
    expect(files.map((file) => join(dir, file))).not.toContain(first);
  });
});

describe.runIf(process.platform !== "win32")("a process that runs on", () => {
  const SERVES =
    "function work(n) { return n < 2 ? n : work(n - 1) + work(n - 2); }\nsetInterval(() => work(26), 5);\nsetTimeout(() => console.log('up'), 50);";

  it("can be measured, seen through, and told to tidy up", { timeout: BUSY }, async () => {
    const one = run(SERVES);
    await one.said("up");
    const request = { dir: join(one.dir, "out"), process: "web", index: 0, durationMs: 1000 };
    const read = async (kind: "cpu-profile" | "heap-snapshot" | "report"): Promise<string> => {
      const { file = "" } = await diagnose(one, { ...request, kind });
      expect(statSync(file).mode & 0o777).toBe(0o600);
      return readFileSync(file, "utf8");
    };
    const profile = JSON.parse(await read("cpu-profile")) as { nodes: unknown[] };
    expect(JSON.stringify(profile.nodes)).toContain('"work"');
    const snapshot = JSON.parse(await read("heap-snapshot")) as {
      snapshot: { node_count: number };
    };
    expect(snapshot.snapshot.node_count).toBeGreaterThan(1000);
    const told = await read("report");
    expect(JSON.parse(told)).toMatchObject({ header: { processId: one.pid } });
    expect(told).not.toContain("environmentVariables");
    const { freedBytes, file } = await diagnose(one, { ...request, kind: "gc" });
    expect(freedBytes).toBeGreaterThanOrEqual(0);
    expect(file).toBeUndefined();
    await expect.poll(() => listeners(one.pid), { timeout: PATIENCE_MS }).toBe(0);
    expect(one.stderr).toEqual([]);
    expect(readdirSync(request.dir).filter((name) => name.endsWith(".part"))).toEqual([]);
  });

  it("keeps an inspector that was open before", { timeout: BUSY }, async () => {
    const one = run(SERVES, ["--inspect=127.0.0.1:0"]);
    await one.said("up");
    const { url, isNew } = await openInspector(one);
    expect(isNew).toBe(false);
    await diagnose(one, { kind: "gc", dir: one.dir, process: "web", index: 0 });
    expect((await openInspector(one)).url).toBe(url);
    // That of its start was not asked for by us, and is not ours to take away.
    expect(one.stderr.join()).toContain(url);
  });

  it("can be opened for a debugger, and again after the application has closed it", {
    timeout: BUSY,
  }, async () => {
    const one = run(
      `${SERVES}\nprocess.on("SIGUSR2", () => { process.getBuiltinModule("node:inspector").close(); console.log("closed"); });`,
    );
    await one.said("up");
    const { url, isNew } = await openInspector(one, PATIENCE_MS);
    expect(isNew).toBe(true);
    expect(new URL(url).hostname).toBe("127.0.0.1");
    expect((await openInspector(one)).url).toBe(url);
    one.child.kill("SIGUSR2");
    await one.said("closed");
    const { freedBytes } = await diagnose(one, {
      ...{ kind: "gc", dir: one.dir, process: "web", index: 0 },
    });
    expect(freedBytes).toBeGreaterThanOrEqual(0);
  });

  it("is not sent a signal that would end it", { timeout: BUSY }, async () => {
    const child = spawn("sleep", ["600"]);
    onTestFinished(() => void child.kill("SIGKILL"));
    const lines = new InspectorLines();
    const other = { label: "ocr.0", pid: child.pid ?? 0, lines };
    const notNode = await failure(() => openInspector({ ...other, isNode: false }));
    expect(notNode.code).toBe("ELPIS_PROCESS_DIAGNOSIS");
    if (process.platform === "linux") {
      const deaf = await failure(() => openInspector({ ...other, isNode: true }));
      expect(deaf.message).toContain("does not listen to SIGUSR1");
    }
    expect(child.exitCode).toBeNull();
    expect(child.signalCode).toBeNull();
  });
});

it("tells from its definition whether a process can be looked into", () => {
  expect(isInspectable({ entry: "/a.js", nodeArgs: ["--no-warnings"] })).toBe(true);
  expect(isInspectable({ entry: "/a.js", nodeArgs: ["--disable-sigusr1"] })).toBe(false);
  expect(isInspectable({ nodeArgs: [] })).toBe(false);
});

/** Sockets that a process listens on; 0 where the system does not tell. */
function listeners(pid: number): number {
  if (process.platform !== "linux") return 0;
  const text = readFileSync(`/proc/${pid}/net/tcp`, "latin1");
  const inodes = new Set(
    text
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === "0A")
      .map((fields) => `socket:[${fields[9]}]`),
  );
  return readdirSync(`/proc/${pid}/fd`).filter((fd) => inodes.has(link(pid, fd))).length;
}

function link(pid: number, fd: string): string {
  try {
    return readlinkSync(`/proc/${pid}/fd/${fd}`);
  } catch {
    return "";
  }
}
