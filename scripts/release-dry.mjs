/**
 * `npm run release:dry`: what a release would do, without doing it. Shows the pending changesets,
 * compares the packages lerna would upload with the public ones, and packs each as npm would.
 */
import { npm, run, tool } from "./run.mjs";
import { setup } from "./setup.mjs";
import { publicPackages } from "./workspace.mjs";

setup();
let hasFailed = false;

console.log("=== Pending changes ===");
// Without a local main (a shallow clone on a build machine) the remote one has to do.
const base = ["main", "origin/main"].find((ref) => git("rev-parse", "--verify", "--quiet", ref));
const since = base === "main" ? [] : [`--since=${base}`];
if (base) {
  const { code } = tool("@changesets/cli", ["status", ...since], { command: "changeset" });
  expect(code === 0, "changeset status failed");
} else {
  console.log("no branch main to compare with; skipped");
}

console.log("\n=== Packages, in the order of upload ===");
const listed = lernaList();
for (const { name, version } of listed) console.log(`${name} ${version}`);
const wanted = publicPackages().map(({ manifest }) => manifest.name);
expect(
  [...wanted].sort().join() ===
    listed
      .map(({ name }) => name)
      .sort()
      .join(),
  `lerna would publish another set than ${wanted.join(", ")}`,
);
for (const [index, { name }] of listed.entries()) {
  const earlier = listed.slice(0, index).map((other) => other.name);
  for (const needed of ourDependencies(name)) {
    expect(earlier.includes(needed), `${name} would be uploaded before ${needed}`);
  }
}

console.log("\n=== npm publish --dry-run ===");
for (const { dir, manifest } of publicPackages()) {
  const args = ["publish", "--dry-run", "--ignore-scripts", "--json", "-w", dir];
  const { code, stdout, stderr } = npm(args, { capture: true });
  console.log(`${manifest.name}@${manifest.version}: ${code === 0 ? contents(stdout) : "failed"}`);
  expect(code === 0, stdout + stderr);
}
process.exitCode = hasFailed ? 1 : 0;

function contents(json) {
  const [{ size, files }] = Object.values(JSON.parse(json));
  return `${files.length} files, ${(size / 1024).toFixed(1)} KiB`;
}

function lernaList() {
  const { code, stdout, stderr } = tool(
    "lerna",
    ["list", "--json", "--toposort", "--loglevel", "error"],
    { capture: true },
  );
  expect(code === 0, stderr);
  return code === 0 ? JSON.parse(stdout) : [];
}

/** What a user's npm has to find in the registry when it installs this package. */
function ourDependencies(name) {
  const { dependencies, peerDependencies } =
    publicPackages().find((p) => p.manifest.name === name)?.manifest ?? {};
  return Object.keys({ ...dependencies, ...peerDependencies }).filter((other) =>
    wanted.includes(other),
  );
}

function git(...args) {
  return run("git", args, { capture: true }).code === 0;
}

function expect(isTrue, message) {
  if (isTrue) return;
  hasFailed = true;
  console.error(message);
}
