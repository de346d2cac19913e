import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { GUARDIAN_SCRIPT } from "../src/child/guardian-script.ts";

/** A process in a group of its own. */
function start(program: string, ...args: string[]): ChildProcess {
  const child = spawn(program, args, { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

const guardian = (): ChildProcess => start("/bin/sh", "-c", GUARDIAN_SCRIPT);
const sleeper = (): ChildProcess => start("sleep", "60");
const ending = async (child: ChildProcess): Promise<unknown[]> => await once(child, "exit");

/** As `ps` says it. */
function stateOf({ pid }: ChildProcess): string {
  if (process.platform === "linux") {
    return readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1] ?? "";
  }
  return execFileSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" }).trim();
}

/** The signals that a process ignores, as bits. */
function ignored(child: ChildProcess): bigint {
  const status = readFileSync(`/proc/${child.pid}/status`, "latin1");
  return BigInt(`0x${/^SigIgn:\s+([0-9a-f]+)$/m.exec(status)?.[1]}`);
}

describe.runIf(process.platform !== "win32")("the guardian", () => {
  it("ends those that are left when the pipe breaks, at last with force", async () => {
    const shell = guardian();
    const [first, gone, last, frozen] = [sleeper(), sleeper(), sleeper(), sleeper()];
    frozen.kill("SIGSTOP");
    // Until it has stopped, a signal that comes after SIGSTOP may still be taken before it.
    await vi.waitFor(() => expect(stateOf(frozen)).toMatch(/^T/));
    for (const { pid } of [first, gone, last, frozen]) shell.stdin?.write(`+ ${pid}\n`);
    shell.stdin?.write(`- ${gone.pid}\n`);
    const ends = Promise.all([first, last, frozen].map(ending));
    shell.stdin?.end();
    // One that is stopped hears SIGKILL only.
    expect((await ends).map(([, signal]) => signal)).toEqual(["SIGTERM", "SIGTERM", "SIGKILL"]);
    expect(gone.signalCode).toBeNull();
  }, 10_000);

  it("ends at once when nobody is left", async () => {
    const shell = guardian();
    const other = sleeper();
    shell.stdin?.write(`+ ${other.pid}\n- ${other.pid}\n`);
    shell.stdin?.end();
    const began = performance.now();
    expect(await ending(shell)).toEqual([0, null]);
    // Less than one of its pauses.
    expect(performance.now() - began).toBeLessThan(900);
    expect(other.signalCode).toBeNull();
  });

  it.runIf(process.platform === "linux")("cannot be talked out of it", async () => {
    const shell = guardian();
    const signals = { SIGHUP: 1n, SIGINT: 2n, SIGQUIT: 3n, SIGTERM: 15n };
    const all = Object.values(signals).reduce((bits, number) => bits | (1n << (number - 1n)), 0n);
    await vi.waitFor(() => expect(ignored(shell) & all).toBe(all));
  });
});
