// The processes of a program: started, called, stopped, continued, killed, and never left behind.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { killFamily } from "./kernel.mjs";
import { now } from "./numbers.mjs";

const ACTORS = new URL("../actors/", import.meta.url);
const CALL_TIMEOUT_MS = 60_000;
const MAX_SAID = 4000;

/**
 * Ends what is left, and removes the folder, when the program itself was killed: it reads that from its pipe. Whom the
 * processes had started is found by the folder in its environment; a file system in the folder is let go of.
 */
const REAPER = `while read -r line; do left="$line"; done
for pid in $left; do kill -9 "$pid" 2>/dev/null; done
for round in 1 2 3 4 5 6 7 8 9; do
  files=$(grep -alF "ELPIS_HOME=$0" /proc/[0-9]*/environ 2>/dev/null)
  [ -n "$files" ] || break
  for file in $files; do pid="\${file#/proc/}"; kill -9 "\${pid%/environ}" 2>/dev/null; done
  sleep 0.1
done
[ ! -d "$0/disk" ] || umount -l "$0/disk" 2>/dev/null
rm -rf -- "$0"`;

/** All processes of one program. */
export class Processes {
  #env;
  #actors = new Set();
  #dead = [];
  #reaper;

  constructor(home) {
    this.#env = { ...process.env, ELPIS_HOME: home };
    this.#reaper = spawn("sh", ["-c", REAPER, home], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
    });
    this.#reaper.stdin.on("error", () => {});
    this.#reaper.unref();
    this.#reaper.stdin.unref();
  }

  /** Starts `actors/<name>.mjs`. `prefix` is a line of shell that comes before, for limits. */
  start(name, { nodeArgs = [], prefix } = {}) {
    const file = fileURLToPath(new URL(`${name}.mjs`, ACTORS));
    const command = [process.execPath, ...nodeArgs, file];
    const [program, ...args] =
      prefix === undefined ? command : ["sh", "-c", `${prefix}; exec "$0" "$@"`, ...command];
    const child = spawn(program, args, {
      env: this.#env,
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    return this.#keep(new Actor(name, child));
  }

  /** Runs a program to its end, or until it is killed: `node` with these arguments. */
  run(name, args, { cwd, env = {} } = {}) {
    const child = spawn(process.execPath, args, {
      cwd,
      env: { ...this.#env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    return this.#keep(new Command(name, child));
  }

  /** Kills every process, stopped ones too, and whom they have started. */
  killAll() {
    for (const actor of this.#actors) actor.kill();
    killFamily(this.#env.ELPIS_HOME);
    // Their numbers may soon be those of others.
    this.#reaper.stdin.write("\n");
  }

  /** What the processes have written to their standard error, for whoever looks for the reason of a failure. */
  get said() {
    return [...this.#actors, ...this.#dead]
      .filter(({ said }) => said !== "")
      .map((actor) => `[${actor.name}] ${actor.said}`);
  }

  #keep(actor) {
    this.#actors.add(actor);
    this.#note();
    void actor.exited.then(({ code }) => {
      this.#actors.delete(actor);
      this.#note();
      // What it died of is the reason that is looked for.
      if (code > 0 && actor.said !== "") this.#dead.push(actor);
    });
    return actor;
  }

  #note() {
    this.#reaper.stdin.write(`${[...this.#actors].map(({ pid }) => pid).join(" ")}\n`);
  }
}

/** One process. */
class Actor {
  said = "";
  #child;
  #waiting = new Map();
  #listeners = new Map();
  #next = 1;

  constructor(name, child) {
    this.name = name;
    this.pid = child.pid;
    this.#child = child;
    /** Resolves with how it ended. */
    this.exited = new Promise((resolve) => {
      child.once("exit", (code, signal) => resolve({ code, signal }));
    });
    child.on("message", (message) => this.#take(message));
    child.on("error", () => {});
    child.once("exit", () => this.#fail(new Error(`${name} has ended`)));
    child.stderr.setEncoding("utf8");
    child.stderr.on("data", (text) => {
      this.said = (this.said + text).slice(-MAX_SAID);
    });
  }

  call(name, args, timeoutMs = CALL_TIMEOUT_MS) {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new Error(`${this.name} did not answer "${name}" within ${timeoutMs} ms`));
      }, timeoutMs);
      this.#waiting.set(id, { resolve, reject, timer });
      this.#child.send({ id, name, args }, (error) => {
        if (error !== null) this.#fail(error);
      });
    });
  }

  on(event, listener) {
    this.#listeners.set(event, listener);
  }

  freeze() {
    this.#child.kill("SIGSTOP");
  }

  thaw() {
    this.#child.kill("SIGCONT");
  }

  kill(signal = "SIGKILL") {
    this.#child.kill(signal);
  }

  #take({ id, event, value, error }) {
    if (event !== undefined) {
      this.#listeners.get(event)?.(value);
      return;
    }
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    clearTimeout(waiting.timer);
    if (error === undefined) waiting.resolve(value);
    else waiting.reject(Object.assign(new Error(error.message), error));
  }

  #fail(error) {
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(error);
    }
    this.#waiting.clear();
  }
}

/** A program that is not called, but read. */
class Command {
  /** What it has printed on both of its streams, each line with when it came. */
  lines = [];
  #child;

  constructor(name, child) {
    this.name = name;
    this.pid = child.pid;
    this.#child = child;
    /** Resolves with how it ended, when all that it printed is here. */
    this.exited = new Promise((resolve) => {
      child.once("close", (code, signal) => resolve({ code, signal }));
    });
    child.on("error", () => {});
    this.stdout = this.#read("stdout");
    this.stderr = this.#read("stderr");
  }

  get said() {
    return this.stderr().slice(-MAX_SAID);
  }

  kill(signal = "SIGKILL") {
    this.#child.kill(signal);
  }

  #read(stream) {
    let text = "";
    let rest = "";
    this.#child[stream].setEncoding("utf8").on("data", (part) => {
      text += part;
      const lines = (rest + part).split("\n");
      rest = lines.pop();
      for (const line of lines) this.lines.push({ at: now(), stream, text: line });
    });
    return () => text;
  }
}
