import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ElpisHome } from "../support/elpis.ts";
import { until } from "../support/wait.ts";
import { config, writeApp } from "./fixtures.ts";

/** A datagram socket as the one of systemd; prints each message as a line of JSON. */
const LISTENER = `
import json, socket, sys
sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
sock.bind(sys.argv[1])
print("[]", flush=True)
while True:
    print(json.dumps(sock.recv(65536).decode().splitlines()), flush=True)
`;
/** Says at its start which of the variables of the service manager it has. */
const APP = `
const mine = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"].filter((name) => name in process.env);
console.log("variables: " + mine.join(","));
setInterval(() => {}, 1000);
`;

let home: ElpisHome;
let dir: string;
let socket: string;
let listener: ChildProcess | undefined;
let heard: string[][];

beforeEach(async () => {
  home = await ElpisHome.create();
  dir = await writeApp(join(home.dir, "work"), {
    "elpis.config.mjs": config({ name: "noted", processes: { tick: "./tick.mjs" } }),
    "tick.mjs": APP,
  });
  socket = join(home.dir, "notify");
});

afterEach(async () => {
  listener?.kill("SIGKILL");
  listener = undefined;
  await home?.remove();
});

async function listen(): Promise<void> {
  heard = [];
  let text = "";
  listener = spawn("python3", ["-c", LISTENER, socket], { stdio: ["ignore", "pipe", "inherit"] });
  listener.stdout?.setEncoding("utf8").on("data", (more: string) => {
    text += more;
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) heard.push(JSON.parse(line) as string[]);
  });
  await until("the socket to be there", () => heard.length > 0);
}

function has(program: string): boolean {
  try {
    execFileSync("/bin/sh", ["-c", `command -v ${program}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const all = (): string[] => heard.flat();
const isHere = has("systemd-notify") && has("python3");

describe.skipIf(!isHere)("run under systemd", () => {
  beforeEach(listen);

  test("says when it is ready, that it is alive, that it reloads, and that it stops", async () => {
    const env = { NOTIFY_SOCKET: socket, WATCHDOG_USEC: "1000000" };
    const run = home.spawn(["run"], { cwd: dir, env });
    await run.printed("noted is up");
    await until("READY", () => all().includes("READY=1"));
    expect(all()).toContain(`MAINPID=${run.pid}`);
    expect(all()).toContain("STATUS=running: tick 1/1");
    await until("two signs of life", () => all().filter((one) => one === "WATCHDOG=1").length > 1);
    expect(run.stdout()).toContain("variables: \n");
    const before = heard.length;
    run.child.kill("SIGHUP");
    await run.printed("SIGHUP: reloading");
    await run.printed("reloaded: 1 processes replaced");
    await until("RELOADING and READY after it", () => {
      const later = heard.slice(before).flat();
      const at = later.indexOf("RELOADING=1");
      return at >= 0 && later.indexOf("READY=1", at) > at;
    });
    expect(all().some((one) => /^MONOTONIC_USEC=\d+$/.test(one))).toBe(true);
    run.child.kill("SIGTERM");
    expect((await run.finished).code).toBe(0);
    await until("STOPPING", () => all().includes("STOPPING=1"));
    expect(all().lastIndexOf("WATCHDOG=1")).toBeLessThan(all().indexOf("STOPPING=1"));
    await home.empty(1000);
  });

  test("gives no sign of life while the master does not answer", async () => {
    const env = { NOTIFY_SOCKET: socket, WATCHDOG_USEC: "600000" };
    const run = home.spawn(["run"], { cwd: dir, env });
    await until("a sign of life", () => all().includes("WATCHDOG=1"));
    process.kill(run.pid, "SIGSTOP");
    try {
      // What was on its way still arrives; then nothing does for five times as long as it takes.
      await new Promise((resolve) => setTimeout(resolve, 1000));
      const count = heard.length;
      await new Promise((resolve) => setTimeout(resolve, 1500));
      expect(heard.length).toBe(count);
    } finally {
      process.kill(run.pid, "SIGCONT");
    }
    run.child.kill("SIGTERM");
    expect((await run.finished).code).toBe(0);
  });

  test("that fails to start says nothing of being ready, and leaves nobody", async () => {
    await writeApp(dir, { "tick.mjs": "process.exit(3);\n" });
    const { code } = await home.run(["run"], { cwd: dir, env: { NOTIFY_SOCKET: socket } });
    expect(code).toBe(4);
    expect(all()).not.toContain("READY=1");
    await home.empty(1000);
  });

  test("keeps one helper, and that one ends with a master that is killed", async () => {
    const run = home.spawn(["run"], { cwd: dir, env: { NOTIFY_SOCKET: socket } });
    await until("READY", () => all().includes("READY=1"));
    const helpers = childrenNamed(run.pid, "elpis-notify");
    expect(helpers).toHaveLength(1);
    process.kill(run.pid, "SIGKILL");
    await until("the helper to be gone", () => nameOf(helpers[0] ?? 0) === undefined);
  });
});

test("a service manager that cannot be told is no reason to fail", async () => {
  const env = { NOTIFY_SOCKET: join(home.dir, "nobody"), WATCHDOG_USEC: "1000000" };
  const run = home.spawn(["run"], { cwd: dir, env });
  await run.printed("the service manager cannot be told how the app is");
  await run.printed("noted is up");
  run.child.kill("SIGTERM");
  expect((await run.finished).code).toBe(0);
});

test("SIGHUP reloads an app in the background, too", async () => {
  const { app } = await home.json<{ app: { pid: number; processes: Array<{ pid: number }> } }>(
    ["start"],
    { cwd: dir },
  );
  process.kill(app.pid, "SIGHUP");
  await until("the process to be another one", async () => {
    const { processes } = await home.json<{ processes: Array<{ pid?: number; state: string }> }>([
      "ps",
      "noted",
    ]);
    const now = processes[1];
    return now?.state === "ready" && now.pid !== app.processes[1]?.pid;
  });
  const { stdout } = await home.run(["logs", "noted"]);
  expect(stdout).toContain("SIGHUP: reloading");
});

function nameOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return undefined;
  }
}

function childrenNamed(pid: number, name: string): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  const children = text.trim().split(" ").map(Number);
  return children.filter((child) => nameOf(child)?.includes(name));
}
