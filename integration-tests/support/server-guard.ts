import { type ChildProcess, spawn } from "node:child_process";

/** Reads the number of a process from each line, none from an empty one; at the end kills the last and removes a folder. */
const SCRIPT = `
while read -r line; do pid=$line; done
if [ -n "$pid" ]; then
  kill -s "$2" "$pid"
  while kill -0 "$pid" && ! grep -q ") Z " "/proc/$pid/stat"; do sleep 0.05; done
fi
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
