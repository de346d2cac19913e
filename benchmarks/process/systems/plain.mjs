// What Node has by itself: one bare process, and node:cluster with the shortest primary that keeps its workers alive.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../lib/ask.mjs";
import { isAlive, killNow, owned } from "../lib/cleanup.mjs";
import { cleanEnv } from "../lib/command.mjs";
import { until } from "../lib/wait.mjs";
import { appFolder } from "./folder.mjs";

const PRIMARY = fileURLToPath(new URL("../apps/cluster-primary.mjs", import.meta.url));

class PlainApp {
  #args;
  #child;
  #end = () => {};
  #folder;

  constructor({ folder, port, args }) {
    this.#folder = folder;
    this.#args = args;
    this.port = port;
    this.deploy = folder.deploy;
  }

  async start() {
    mkdirSync(this.logDir(), { recursive: true });
    const output = openSync(join(this.logDir(), "out.log"), "a");
    const isPrimary = this.#args[0] === PRIMARY;
    this.#child = spawn(process.execPath, this.#args, {
      cwd: join(this.#folder.dir, "app"),
      env: cleanEnv({ PORT: String(this.port) }),
      // As those of Elpis and pm2: a busy machine is shared out by sessions, and this one is full.
      detached: true,
      stdio: ["ignore", output, output, ...(isPrimary ? ["ipc"] : [])],
    });
    closeSync(output);
    this.#end = owned(this.#child.pid);
    if (isPrimary) this.supervisorPid = this.#child.pid;
    return {};
  }

  async workers() {
    if (this.supervisorPid === undefined) return [this.#child.pid];
    const answer = once(this.#child, "message");
    this.#child.send("workers");
    const [pids] = await answer;
    return pids;
  }

  async reports() {
    return [];
  }

  logDir() {
    return join(this.#folder.dir, "logs");
  }

  async close() {
    if (this.#child !== undefined && this.#child.exitCode === null) {
      const pids = await this.workers();
      this.#end();
      // Workers leave when the channel to the primary breaks; one that is blocked does not notice.
      await until(() => !pids.some(isAlive), { timeoutMs: 1000 });
      for (const pid of pids) killNow(pid);
    }
    this.#folder.remove();
  }
}

async function openPlain(argsOf) {
  const folder = await appFolder();
  const port = await freePort();
  return new PlainApp({ folder, port, args: argsOf(folder.entry) });
}

export const cluster = {
  name: "cluster",
  check: async () => null,
  open: ({ scale = 1 } = {}) => openPlain((entry) => [PRIMARY, entry, String(scale)]),
};

export const bare = {
  name: "bare",
  check: async () => null,
  open: () => openPlain((entry) => [entry]),
};
