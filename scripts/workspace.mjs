/**
 * What is in this repository: its root folder and the manifests of its workspaces.
 * No imports from node_modules, because setup needs it before anything is installed.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** Reads a JSON file, named relative to the root. */
export function readJson(path) {
  return JSON.parse(readFileSync(join(root, path), "utf8"));
}

/** Every workspace: its folder (relative, with forward slashes) and its manifest. */
export function workspaces() {
  return readJson("package.json")
    .workspaces.flatMap(expand)
    .map((dir) => ({
      dir,
      manifest: readJson(`${dir}/package.json`),
    }));
}

/** The workspaces that users can install. */
export function publicPackages() {
  return workspaces().filter(({ manifest }) => !manifest.private);
}

/** The workspace folders that one pattern of the root manifest ("packages/*" or a plain name) means. */
function expand(pattern) {
  if (!pattern.endsWith("/*"))
    return existsSync(join(root, pattern, "package.json")) ? [pattern] : [];
  const parent = pattern.slice(0, -2);
  if (!existsSync(join(root, parent))) return [];
  return readdirSync(join(root, parent))
    .sort()
    .map((name) => `${parent}/${name}`)
    .filter((dir) => existsSync(join(root, dir, "package.json")));
}

/** Files below `dir` (relative to the root) whose name matches, dependencies and builds left out. */
export function filesUnder(dir, pattern = /./) {
  if (!existsSync(join(root, dir))) return [];
  return readdirSync(join(root, dir), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = `${dir}/${entry.name}`;
      if (!entry.isDirectory()) return pattern.test(entry.name) ? [path] : [];
      return ["node_modules", "dist", ".turbo", ".elpis"].includes(entry.name)
        ? []
        : filesUnder(path, pattern);
    });
}
