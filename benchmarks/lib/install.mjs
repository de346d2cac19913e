// Rivals that no workspace of the repository depends on: installed on demand, from their own lock file, without running
// any of their scripts.
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const PEERS = new URL("../peers/", import.meta.url);
const INSTALL_TIMEOUT_MS = 60_000;

async function installedVersion(name, dir) {
  try {
    const text = await readFile(new URL(`node_modules/${name}/package.json`, dir), "utf8");
    return JSON.parse(text).version;
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** Where the entry of an installed rival is. */
export function rivalEntry(name, file, dir = PEERS) {
  return new URL(`node_modules/${name}/${file}`, dir);
}

/**
 * Makes sure that exactly `version` of `name` is there, in the folder `dir` that has a lock file of its own.
 * @returns why it is not, or null when it is
 */
export async function ensureRival({ name, version, dir = PEERS, install, log }) {
  if ((await installedVersion(name, dir)) === version) return null;
  if (!install)
    return `${name} ${version} is not installed (leave out --no-install to have it installed)`;
  log(`installing ${name} ${version} into ${fileURLToPath(dir)}`);
  try {
    await promisify(execFile)("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
      cwd: fileURLToPath(dir),
      timeout: INSTALL_TIMEOUT_MS,
      // npm is a script on Windows, which only a shell starts.
      shell: process.platform === "win32",
    });
  } catch (error) {
    const [line = error.message] = /npm error .*/.exec(String(error.stderr)) ?? [];
    return `${name} ${version} could not be installed: ${line}`;
  }
  const found = await installedVersion(name, dir);
  return found === version ? null : `${name} ${version} was asked for, and ${found} installed`;
}
