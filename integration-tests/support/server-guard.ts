import { type ChildProcess, spawn } from "node:child_process";

/** In the environment of a server, and so of whatever it starts: its folder. */
export const MARK = "ELPIS_TEST_SERVER";

/**
 * Reads the number of a process from each line, none from an empty one. At the end it kills the last, then what that has left
 * behind, such as a daemon, and removes a folder.
 */
const SCRIPT = `
while read -r line; do pid=$line; done
if [ -n "$pid" ]; then
  kill -s "$2" "$pid"
  while kill -0 "$pid" && ! grep -q ") Z " "/proc/$pid/stat"; do sleep 0.05; done
fi
left() { grep -lzFx "${MARK}=$1" /proc/[0-9]*/environ | cut -d / -f 3; }
while pids=$(left "$1") && [ -n "$pids" ]; do
  kill -s KILL $pids
  sleep 0.05
done
rm -rf "$1"`;

/** Sees to it that a server and its folder go, also when whoever runs the tests is killed: a process that outlives it. */
export class Guard {
  readonly #child: ChildProcess;
  readonly #gone: Promise<void>;

  constructor(dir: string, signal: NodeJS.Signals) {
    const name = signal.replace(/^SIG/, "");
    this.#child = spawn("/bin/sh", ["-c", SCRIPT, "sh", dir, name], {
      // In a session of its own: Ctrl-C is not for it.
      detached: true,
      cwd: "/",
      stdio: ["pipe", "ignore", "ignore"],
    });
    this.#gone = new Promise((resolve, reject) => {
      this.#child.once("exit", () => resolve()).once("error", reject);
    });
    this.#child.unref();
  }

  /** Which process there is now. */
  watch(pid: number | undefined): void {
    this.#child.stdin?.write(`${pid ?? ""}\n`);
  }

  /** Resolves when all is gone. */
  async end(): Promise<void> {
    this.#child.stdin?.end();
    await this.#gone;
  }
}
