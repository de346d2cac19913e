import { spawn } from "node:child_process";
import { signalGroup } from "../child/process-group.ts";
import type { ProbeResult } from "./probe.ts";

/** What a program that asks runs with. */
export interface ExecContext {
  /** The variables of the process. */
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly uid?: number;
  readonly gid?: number;
  /** Ends the program when this process dies; see `Guardian`. */
  readonly guardian?: { watch(pid: number): void; forget(pid: number): void };
}

/** How much of what it complains about is kept, in characters. */
const MAX_WORDS = 300;

/** Runs a program without a shell: exit code 0 within the time is well. It is ended, with all it has started, when late. */
export function probeExec(
  command: readonly string[],
  timeoutMs: number,
  { env, cwd, uid, gid, guardian }: ExecContext,
): Promise<ProbeResult> {
  const [program = "", ...args] = command;
  const child = spawn(program, args, {
    env,
    cwd,
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
    stdio: ["ignore", "ignore", "pipe"],
    detached: process.platform !== "win32",
    windowsHide: true,
  });
  const { pid } = child;
  if (pid !== undefined) guardian?.watch(pid);
  let words = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    words = (words + text).slice(0, MAX_WORDS);
  });
  return new Promise((resolve) => {
    const end = (result: ProbeResult): void => {
      clearTimeout(timer);
      if (pid !== undefined) {
        // Whom it has left behind as well.
        signalGroup(pid, "SIGKILL");
        guardian?.forget(pid);
      }
      child.stderr.destroy();
      resolve(result);
    };
    const timer = setTimeout(
      () => end({ ok: false, why: `${program} took more than ${timeoutMs} ms` }),
      timeoutMs,
    );
    child.once("error", (error) => end({ ok: false, why: error.message }));
    child.once("exit", (code, signal) => {
      if (code === 0) end({ ok: true });
      // What it said last may still be in the pipe.
      else setImmediate(() => end({ ok: false, why: describe(program, code ?? signal, words) }));
    });
  });
}

function describe(program: string, how: number | string | null, words: string): string {
  const said = words.trim();
  return `${program} ended with ${how}${said === "" ? "" : `: ${said}`}`;
}
