import { spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import http from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type AppConfig,
  createMaster,
  type Master,
  type MasterOptions,
  type OutputLine,
  type ProcessChange,
  type ProcessStatus,
  resolveConfig,
} from "@elpis/process";
import { onTestFinished } from "vitest";

const MODULES = fileURLToPath(new URL("../../node_modules", import.meta.url));
export const SILENT = { debug() {}, info() {}, warn() {}, error() {}, child: () => SILENT };

/** A directory with the given files, in which the packages are found; removed after the test. */
export function makeDir(files: Readonly<Record<string, string>>): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "elpis-it-")));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  symlinkSync(MODULES, join(dir, "node_modules"));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
  return dir;
}

/** An application under test. */
export interface App {
  readonly master: Master;
  readonly dir: string;
  /** Directory of the hub. */
  readonly runtime: string;
  readonly lines: OutputLine[];
  readonly changes: ProcessChange[];
  /** The instances of a process. */
  of(name: string): ProcessStatus[];
  /** What a process has written, in all its lives. */
  said(name: string): string[];
}

/** Makes the master of an application with the given files; it is killed after the test. */
export function makeApp(
  files: Readonly<Record<string, string>>,
  config: AppConfig,
  more: Partial<MasterOptions> = {},
): App {
  const dir = makeDir(files);
  const runtime = join(dir, "run");
  // Where there are plugins, processes would look into the file for theirs.
  const file = config.plugins === undefined ? join(dir, "config") : dir;
  const definition = resolveConfig({ name: "test", ...config }, { file, dir });
  const lines: OutputLine[] = [];
  const changes: ProcessChange[] = [];
  const output = (line: OutputLine): void => void lines.push(line);
  const master = createMaster({ config: definition, dir: runtime, output, log: SILENT, ...more });
  master.events.on("process", (change) => changes.push(change));
  onTestFinished(() => master.stop({ now: true }));
  return {
    master,
    dir,
    runtime,
    lines,
    changes,
    of: (name) => master.status().processes.filter((one) => one.name === name),
    said: (name) => lines.filter((line) => line.process === name).map((line) => line.text),
  };
}

/** Waits until `test` gives something true, and returns it. */
export async function waitFor<Value>(
  what: string,
  test: () => Value | Promise<Value>,
  timeoutMs = 10_000,
): Promise<Exclude<Value, false | null | undefined>> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const value = await test();
    if (value) return value as Exclude<Value, false | null | undefined>;
    if (performance.now() > end) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** An answer to a request. */
export interface Answer {
  readonly status: number | undefined;
  readonly connection: string | undefined;
  readonly body: string;
}

/** One request; over a new connection unless an agent is given. */
export function get(port: number, path = "/", options: http.RequestOptions = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.get(
      { host: "127.0.0.1", port, path, agent: false, ...options },
      (answer) => {
        let body = "";
        answer.setEncoding("utf8");
        answer.on("data", (chunk: string) => {
          body += chunk;
        });
        answer.on("error", reject);
        answer.on("end", () => {
          resolve({ status: answer.statusCode, connection: answer.headers.connection, body });
        });
      },
    );
    request.on("error", reject);
  });
}

/** Whether a process lives; one that has ended and was not yet waited for does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return (
      process.platform !== "linux" || !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "latin1"))
    );
  } catch {
    return false;
  }
}

/** The pids of the children of a process that have not ended; none where there is no `ps`. */
export function childrenOf(pid: number): string[] {
  const { stdout } = spawnSync("ps", ["-A", "-o", "ppid=,stat=,pid=,comm="], { encoding: "utf8" });
  const rows = (stdout ?? "").split("\n").map((line) => line.trim().split(/\s+/));
  return rows
    .filter(
      ([ppid, stat, , name]) => ppid === String(pid) && !stat?.startsWith("Z") && name !== "ps",
    )
    .map((row) => row[2] as string);
}

/** A server that answers with its pid; `/slow` after 800 ms. */
export const WEB = `
import http from "node:http";
const server = http.createServer((request, response) => {
  const answer = () => response.end(String(process.pid));
  if (request.url === "/slow") setTimeout(answer, 800);
  else answer();
});
server.listen(Number(process.env.PORT ?? 0), "127.0.0.1", () => console.log("port", server.address().port));
`;

/** Does nothing, for ever. */
export const IDLE = "setInterval(() => {}, 1000); console.log('up', process.pid);";
