/**
 * Completes package-lock.json after an `npm install` from a registry that lacks binaries for other
 * platforms: npm then leaves their optional packages out, and `npm ci` refuses such a lock. Adds an
 * entry (version, os, cpu, no hash) for each. A lock made from the public registry needs nothing.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readJson, root } from "./workspace.mjs";

const systems = {
  windows: "win32",
  ...Object.fromEntries(
    [
      "win32",
      "darwin",
      "linux",
      "freebsd",
      "netbsd",
      "openbsd",
      "android",
      "openharmony",
      "sunos",
      "aix",
    ].map((name) => [name, name]),
  ),
};
const processors = {
  64: "x64",
  ppc64le: "ppc64",
  armv7: "arm",
  ...Object.fromEntries(
    [
      "x64",
      "arm64",
      "arm",
      "ia32",
      "ppc64",
      "riscv64",
      "s390x",
      "loong64",
      "mips64el",
      "wasm32",
    ].map((name) => [name, name]),
  ),
};
const libcs = {
  musl: "musl",
  musleabihf: "musl",
  gnu: "glibc",
  gnueabihf: "glibc",
  glibc: "glibc",
};

const lock = readJson("package-lock.json");
let added = 0;
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
    if (isLocked(path, name)) continue;
    lock.packages[`node_modules/${name}`] = {
      version: exact(range),
      optional: true,
      ...platform(name),
    };
    added++;
  }
}
lock.packages = Object.fromEntries(
  Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, "en")),
);
if (added > 0) writeFileSync(join(root, "package-lock.json"), `${JSON.stringify(lock, null, 2)}\n`);
console.log(`complete-lock: ${added} entries added`);

/** Whether Node's look-up from `path` would find an entry for `name`. */
function isLocked(path, name) {
  for (let from = path; ; from = from.slice(0, Math.max(0, from.lastIndexOf("/node_modules/")))) {
    if (`${from === "" ? "" : `${from}/`}node_modules/${name}` in lock.packages) return true;
    if (from === "") return false;
    if (!from.includes("/node_modules/")) return `node_modules/${name}` in lock.packages;
  }
}

function exact(range) {
  const version = /\d+\.\d+\.\d+[\w.+-]*/.exec(range)?.[0];
  if (!version) throw new Error(`cannot tell a version from "${range}"`);
  return version;
}

/** What such packages say in their manifests, read from the words of their names. */
function platform(name) {
  const words = name.split(/[^a-z0-9]+/i);
  const pick = (field, table) => {
    const word = words.find((candidate) => candidate in table);
    return word ? { [field]: [table[word]] } : {};
  };
  return { ...pick("cpu", processors), ...pick("os", systems), ...pick("libc", libcs) };
}
