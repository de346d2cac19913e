// pm2 7.0.4 through its command line, with a home of its own; cluster mode unless told otherwise.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureRival, rivalEntry } from "../../lib/install.mjs";
import { freePort } from "../lib/ask.mjs";
import { isAlive, killNow, owned } from "../lib/cleanup.mjs";
import { cleanEnv, lastLine, node } from "../lib/command.mjs";
import { until } from "../lib/wait.mjs";
import { appFolder } from "./folder.mjs";

const VERSION = "7.0.4";
const RIVALS = new URL("../rivals/", import.meta.url);
const BIN = fileURLToPath(rivalEntry("pm2", "bin/pm2", RIVALS));
const NAME = "plain";

async function open({ scale = 1, readyTimeoutMs, mode = "cluster" } = {}) {
  const folder = await appFolder();
  const port = await freePort();
  const home = join(folder.dir, "home");
  const command = (...args) =>
    node([BIN, ...args], {
      cwd: join(folder.dir, "app"),
      env: cleanEnv({ PM2_HOME: home, PORT: String(port) }),
    });
  const flags = [
    ...["--name", NAME],
    ...(mode === "cluster" ? ["-i", String(scale)] : []),
    ...(readyTimeoutMs === undefined ? [] : ["--listen-timeout", String(readyTimeoutMs)]),
  ];
  return new Pm2App({ folder, home, port, command, flags });
}

class Pm2App {
  #command;
  #flags;
  #folder;
  #home;
  #endDaemon;

  constructor({ folder, home, port, command, flags }) {
    this.#folder = folder;
    this.#home = home;
    this.#command = command;
    this.#flags = flags;
    this.port = port;
    this.deploy = folder.deploy;
    this.#endDaemon = owned(() => this.supervisorPid);
  }

  get supervisorPid() {
    const file = join(this.#home, "pm2.pid");
    return existsSync(file) ? Number(readFileSync(file, "utf8")) : undefined;
  }

  async start() {
    const result = await this.#command("start", "server.mjs", ...this.#flags);
    if (result.code !== 0) throw new Error(`pm2 start: ${lastLine(result)}`);
    return { commandMs: result.ms };
  }

  async workers() {
    const { stdout } = await this.#command("jlist");
    const list = JSON.parse(stdout.split("\n").findLast((line) => line.startsWith("[{")) ?? "[]");
    return list.map((one) => one.pid).filter((pid) => pid > 0);
  }

  async reload() {
    const result = await this.#command("reload", NAME);
    return { code: result.code, ms: result.ms, text: lastLine(result) };
  }

  async reports() {
    return [];
  }

  logDir() {
    return join(this.#home, "logs");
  }

  async close() {
    const daemon = this.supervisorPid;
    if (daemon !== undefined) {
      // Whoever is blocked does not hear of the end of its daemon.
      const workers = await this.workers();
      await this.#command("kill");
      await until(() => !isAlive(daemon), { timeoutMs: 5000 });
      for (const pid of [daemon, ...workers]) killNow(pid);
    }
    this.#endDaemon();
    this.#folder.remove();
  }
}

export default {
  name: "pm2",
  check: (host) => ensureRival({ name: "pm2", version: VERSION, dir: RIVALS, ...host }),
  open,
};
