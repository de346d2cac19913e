import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { killAll, processesOf } from "./processes.ts";
import { until } from "./wait.ts";

/** The built program, as it is installed. */
const BIN: string = fileURLToPath(new URL("../../packages/cli/dist/bin.js", import.meta.url));

/** A command that has ended. */
export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs. */
export interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  /** What it has printed so far. */
  stdout(): string;
  stderr(): string;
  /** Waits for a text on one of the two. */
  printed(text: string | RegExp, timeoutMs?: number): Promise<void>;
  readonly finished: Promise<Finished>;
}

/** Where and how a command runs. */
export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Node options in front of the program. */
  readonly nodeArgs?: readonly string[];
}

/** A private `ELPIS_HOME`: what one test starts does not see what another one does. */
export class ElpisHome {
  readonly dir: string;

  private constructor(dir: string) {
    this.dir = dir;
  }

  static async create(): Promise<ElpisHome> {
    return new ElpisHome(await realpath(await mkdtemp(join(tmpdir(), "elpis-"))));
  }

  /** Starts a command line, such as `["run", "--json"]`. */
  spawn(args: readonly string[], options: CommandOptions = {}): Running {
    const { cwd = this.dir, env = {}, nodeArgs = [] } = options;
    const child = spawn(process.execPath, [...nodeArgs, BIN, ...args], {
      cwd,
      env: { ...cleanEnv(), ELPIS_HOME: this.dir, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    return watch(child);
  }

  /**
   * Starts a command line under a parent that never asks how its child ended, as it is in a container without an init:
   * a child that dies stays in the process table.
   */
  spawnUnreaped(args: readonly string[], options: CommandOptions = {}): Running {
    const { cwd = this.dir, env = {} } = options;
    const script = '"$@" & exec sleep 600';
    const child = spawn("/bin/sh", ["-c", script, "sh", process.execPath, BIN, ...args], {
      cwd,
      env: { ...cleanEnv(), ELPIS_HOME: this.dir, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    return watch(child);
  }

  /** Runs a command line to its end. */
  run(args: readonly string[], options: CommandOptions = {}): Promise<Finished> {
    return this.spawn(args, options).finished;
  }

  /** Runs a command line with `--json` and reads what it prints. */
  async json<Shape>(args: readonly string[], options: CommandOptions = {}): Promise<Shape> {
    const { code, stdout, stderr } = await this.run([...args, "--json"], options);
    try {
      return JSON.parse(stdout) as Shape;
    } catch {
      throw new Error(`elpis ${args.join(" ")} (exit ${code}) printed no JSON: ${stdout}${stderr}`);
    }
  }

  /** Waits until nothing that was started here is left. */
  async empty(timeoutMs = 30_000): Promise<void> {
    await until(
      "every process to be gone",
      () => {
        const left = processesOf(this.dir);
        if (left.length > 0) throw new Error(JSON.stringify(left));
        return true;
      },
      timeoutMs,
    );
  }

  /** Ends whatever is left and removes the directory. */
  async remove(): Promise<void> {
    killAll(this.dir);
    await this.empty();
    await rm(this.dir, { recursive: true, force: true });
  }
}

function watch(child: ChildProcess): Running {
  const texts = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream]?.setEncoding("utf8").on("data", (text: string) => {
      texts[stream] += text;
    });
  }
  const finished = new Promise<Finished>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal, ...texts }));
  });
  const has = (text: string | RegExp): boolean =>
    [texts.stdout, texts.stderr].some((all) =>
      typeof text === "string" ? all.includes(text) : text.test(all),
    );
  return {
    child,
    pid: child.pid ?? 0,
    stdout: () => texts.stdout,
    stderr: () => texts.stderr,
    finished,
    printed: async (text, timeoutMs = 20_000) => {
      await until(
        `${text} to be printed`,
        () => {
          if (has(text)) return true;
          throw new Error(JSON.stringify({ ...texts, exitCode: child.exitCode }));
        },
        timeoutMs,
      );
    },
  };
}

/** Without what the test runner sets for itself. */
function cleanEnv(): NodeJS.ProcessEnv {
  const { NODE_ENV: _, NODE_OPTIONS: __, DEBUG: ___, FORCE_COLOR: ____, ...rest } = process.env;
  return Object.fromEntries(Object.entries(rest).filter(([name]) => !name.startsWith("VITEST")));
}
