// An application in a home of its own, started as a user would, and what it costs.
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { cleanEnv } from "../process/lib/command.mjs";

const BIN = fileURLToPath(new URL("../../packages/cli/dist/bin.js", import.meta.url));
/** Of a clock in /proc. */
const TICK_MS = 10;

export function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/**
 * Starts an application.
 *
 * @param config without plugins
 * @param plugins imports of the configuration and the list of its plugins, as code
 */
export async function startFamily(config, { imports = "", list = "" } = {}) {
  const home = mkdtempSync(join(tmpdir(), "elpis-bench-"));
  const dir = join(home, "app");
  mkdirSync(dir);
  const text = `${imports}\nexport default { ...${JSON.stringify(config)}, plugins: [${list}] };\n`;
  writeFileSync(join(dir, "elpis.config.mjs"), text);
  const elpis = (...args) =>
    promisify(execFile)(process.execPath, [BIN, ...args], { env: cleanEnv({ ELPIS_HOME: home }) });
  const stop = async () => {
    await elpis("stop", config.name).catch(() => {});
    rmSync(home, { recursive: true, force: true });
  };
  try {
    await elpis("start", dir);
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop, cpuMs: () => cpuMs(home) };
}

/** Processor time that all its processes have had, in milliseconds; NaN where the system does not tell. */
function cpuMs(home) {
  if (process.platform !== "linux") return Number.NaN;
  let ticks = 0;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
      if (!environment.includes(`ELPIS_HOME=${home}`)) continue;
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      ticks += Number(fields[11]) + Number(fields[12]);
    } catch {
      // Gone in between, or of another user.
    }
  }
  return ticks * TICK_MS;
}
