// A MariaDB and a Redis of one's own, in a folder that goes with them.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, chownSync, constants, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { createConnection } from "mysql2/promise";
import { freePort } from "./family.mjs";

const run = promisify(execFile);
const TIMEOUT_MS = 60_000;

/** Where a program is. Debian has servers where only root looks. */
function find(program) {
  const places = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin"];
  const found = places.map((place) => join(place, program)).find(isProgram);
  if (found === undefined) throw new Error(`${program} is not installed`);
  return found;
}

function isProgram(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Who MariaDB runs as: it does not run as root. */
async function other() {
  if (process.getuid?.() !== 0) return {};
  const [uid, gid] = await Promise.all(
    ["-u", "-g"].map(async (which) => Number((await run("id", [which, "mysql"])).stdout)),
  );
  return { uid, gid };
}

async function accepts(child, port) {
  const end = performance.now() + TIMEOUT_MS;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended: ${child.exitCode}`);
    const socket = connect(port, "127.0.0.1");
    const isOpen = await Promise.race([
      once(socket, "connect").then(() => true),
      once(socket, "error").then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (isOpen) return;
    if (performance.now() > end) throw new Error(`${child.spawnfile} does not listen`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Starts both, with the prices of the shop. Throws where one is not installed. */
export async function startDatabases() {
  const [mariadb, redis, as] = [find("mariadbd"), find("redis-server"), await other()];
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "elpis-bench-db-")));
  const children = [];
  const stop = async () => {
    for (const child of children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    }
    rmSync(dir, { recursive: true, force: true });
  };
  const start = async (program, args, options) => {
    const child = spawn(program, args, { cwd: dir, stdio: "ignore", ...options });
    children.push(child);
    await once(child, "spawn");
    return child;
  };
  try {
    if (as.uid !== undefined) chownSync(dir, as.uid, as.gid);
    // Others that are installed meanwhile use the same names in the folder for all.
    const env = { ...process.env, TMPDIR: dir };
    const data = ["--no-defaults", `--datadir=${dir}/data`];
    const normal = ["--skip-test-db", "--auth-root-authentication-method=normal"];
    await run("mariadb-install-db", [...data, ...normal], { cwd: dir, env, ...as });
    const ports = { mysql: await freePort(), redis: await freePort() };
    const mysqlArgs = [
      `--tmpdir=${dir}`,
      `--socket=${dir}/s`,
      `--port=${ports.mysql}`,
      "--bind-address=127.0.0.1",
    ];
    const first = await start(mariadb, [...data, ...mysqlArgs], as);
    const redisArgs = ["--port", String(ports.redis), "--bind", "127.0.0.1", "--save", ""];
    const second = await start(redis, redisArgs, {});
    await Promise.all([accepts(first, ports.mysql), accepts(second, ports.redis)]);
    await fill(ports.mysql);
    return { ports, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function fill(port) {
  const connection = await createConnection({ host: "127.0.0.1", port, user: "root" });
  for (const sql of [
    "CREATE DATABASE shop",
    "CREATE TABLE shop.prices (sku VARCHAR(40) PRIMARY KEY, price DECIMAL(8,2), note VARCHAR(40))",
    "INSERT INTO shop.prices VALUES ('tea', 3.2, 'hot')",
  ]) {
    await connection.query(sql);
  }
  await connection.end();
}
