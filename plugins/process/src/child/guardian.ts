import { type ChildProcess, spawn } from "node:child_process";
import type { Logger } from "@elpis/api";
import { GUARDIAN_SCRIPT } from "./guardian-script.ts";

const RESPAWN_PAUSE_MS = 1000;

/**
 * Sees to it that no process of the family outlives the master, not even one that is stopped, blocked, or not made with
 * Node: a small shell that reads who is there from a pipe, and ends them when the pipe breaks. POSIX only.
 */
export class Guardian {
  readonly #log: Logger;
  readonly #pids = new Set<number>();
  #shell: ChildProcess | undefined;
  #pause: NodeJS.Timeout | undefined;
  #open = false;

  constructor(log: Logger) {
    this.#log = log;
  }

  start(): void {
    if (process.platform === "win32") return;
    this.#open = true;
    this.#spawn();
  }

  /** From now on the group of `pid` must not outlive the master. */
  watch(pid: number): void {
    this.#pids.add(pid);
    this.#tell(`+ ${pid}\n`);
  }

  forget(pid: number): void {
    if (this.#pids.delete(pid)) this.#tell(`- ${pid}\n`);
  }

  /** Lets the guardian go; whoever is still on its list is ended by it. */
  close(): void {
    this.#open = false;
    clearTimeout(this.#pause);
    this.#shell?.stdin?.end();
  }

  #spawn(): void {
    const shell = spawn("/bin/sh", ["-c", GUARDIAN_SCRIPT, "elpis-guardian"], {
      stdio: ["pipe", "ignore", "ignore"],
      // Its own session: what ends the master, such as Ctrl-C, must not reach it.
      detached: true,
      cwd: "/",
      env: { PATH: process.env.PATH ?? "/usr/bin:/bin" },
    });
    this.#shell = shell;
    shell.once("error", (error) => this.#lost(shell, error.message));
    shell.once("exit", (code, signal) => this.#lost(shell, signal ?? `exit code ${code}`));
    // A guardian that died is noticed by its exit; the broken pipe adds nothing.
    shell.stdin?.on("error", () => {});
    shell.unref();
    (shell.stdin as unknown as { unref?: () => void } | null)?.unref?.();
    this.#tell([...this.#pids].map((pid) => `+ ${pid}\n`).join(""));
  }

  #tell(lines: string): void {
    if (lines !== "") this.#shell?.stdin?.write(lines);
  }

  #lost(shell: ChildProcess, why: string): void {
    if (!this.#open || this.#shell !== shell) return;
    this.#shell = undefined;
    this.#log.warn("the guardian ended and is started again", { why });
    this.#pause = setTimeout(() => this.#spawn(), RESPAWN_PAUSE_MS);
    this.#pause.unref();
  }
}
