// Elpis through its command line, as it is built, with a home of its own.
import { existsSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../lib/ask.mjs";
import { isAlive, owned } from "../lib/cleanup.mjs";
import { cleanEnv, lastLine, NotAvailable, node } from "../lib/command.mjs";
import { until } from "../lib/wait.mjs";
import { appFolder } from "./folder.mjs";

const BIN = fileURLToPath(new URL("../../../packages/cli/dist/bin.js", import.meta.url));
const NAME = "plain";
const PROCESS = "web";
/** Exit code of a command line that was not understood. */
const USAGE = 2;

async function open({ scale = 1, balance, readyTimeoutMs, restart } = {}) {
  const folder = await appFolder();
  const home = join(folder.dir, "home");
  await mkdir(home, { mode: 0o700 });
  const port = await freePort();
  const web = {
    entry: "./server.mjs",
    scale,
    ready: "listen",
    env: { PORT: String(port) },
    ...(balance !== undefined && { balance }),
    ...(readyTimeoutMs !== undefined && { readyTimeout: readyTimeoutMs }),
    ...(restart !== undefined && { restart }),
  };
  const config = { name: NAME, processes: { [PROCESS]: web } };
  await writeFile(
    join(folder.dir, "app", "elpis.config.mjs"),
    `export default ${JSON.stringify(config)};\n`,
  );
  const command = (...args) =>
    node([BIN, ...args, "--json"], {
      cwd: join(folder.dir, "app"),
      env: cleanEnv({ ELPIS_HOME: home }),
    });
  return new ElpisApp({ folder, home, port, command });
}

class ElpisApp {
  #command;
  #folder;
  #home;
  #endMaster = () => {};

  constructor({ folder, home, port, command }) {
    this.#folder = folder;
    this.#home = home;
    this.#command = command;
    this.port = port;
    this.deploy = folder.deploy;
  }

  async start() {
    const result = await this.#command("start");
    if (result.code !== 0) throw new Error(`elpis start: ${lastLine(result)}`);
    const { app } = JSON.parse(result.stdout);
    this.supervisorPid = app.pid;
    this.#endMaster = owned(app.pid);
    const { uptimeMs } = app.processes.find((one) => one.role === "worker");
    return { commandMs: result.ms, spawnToReadyMs: uptimeMs };
  }

  async workers() {
    const { stdout } = await this.#command("ps", NAME);
    const { processes } = JSON.parse(stdout);
    return processes.filter((one) => one.role === "worker" && one.pid).map((one) => one.pid);
  }

  /** @throws NotAvailable when there is no such command */
  async reload() {
    const result = await this.#command("reload", NAME);
    if (result.code === USAGE) throw new NotAvailable(`elpis reload: ${lastLine(result)}`);
    return { code: result.code, ms: result.ms, text: lastLine(result) };
  }

  /** Reports that were written about its processes. */
  async reports() {
    const dir = join(this.#home, NAME, "diagnostics");
    return existsSync(dir) ? await readdir(dir) : [];
  }

  logDir() {
    return join(this.#home, NAME, "logs");
  }

  async close() {
    if (this.supervisorPid !== undefined) {
      await this.#command("stop", NAME, "--now");
      await until(() => !isAlive(this.supervisorPid), { timeoutMs: 5000 });
    }
    this.#endMaster();
    this.#folder.remove();
  }
}

export default {
  name: "elpis",
  check: async () => (existsSync(BIN) ? null : "packages/cli is not built: run npm run build"),
  open,
};
