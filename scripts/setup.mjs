/**
 * Makes a checkout ready to run: installs what is missing, builds what has changed.
 * Does nothing, quickly, when nothing has changed: two stamps in node_modules hold the hash of what
 * was installed and of what was built. Needs only Node and npm.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { npm, tool } from "./run.mjs";
import { filesUnder, publicPackages, readJson, root, workspaces } from "./workspace.mjs";

const installStamp = "node_modules/.elpis-installed";
const buildStamp = "node_modules/.elpis-built";

/** Installs and builds if needed; ends the process when either fails. */
export function setup() {
  let installed = installHash();
  if (stamp(installStamp) !== installed) {
    install();
    installed = installHash(); // npm may have completed the lock
    writeFileSync(join(root, installStamp), installed);
  }
  const built = hash([...buildInputs(), installStamp]);
  if (stamp(buildStamp) === built && publicPackages().every(isBuilt)) return;
  console.log("setup: building");
  must(tool("turbo", ["run", "build", "--output-logs=errors-only"]), "build");
  writeFileSync(join(root, buildStamp), built);
}

function install() {
  // Named, so that NODE_ENV=production does not leave out the tools that build us.
  const flags = ["--include=dev", "--no-audit", "--no-fund", "--loglevel=error"];
  if (existsSync(join(root, "package-lock.json"))) {
    console.log("setup: npm ci");
    const ci = npm(["ci", ...flags], { capture: true });
    if (ci.code === 0) return;
    const reason = ci.stderr.split("\n").find((line) => /error (?!code)\S/.test(line));
    console.log(`setup: npm ci refused, using npm install (${reason ?? "no reason given"})`);
  } else {
    console.log("setup: npm install");
  }
  must(npm(["install", ...flags]), "npm install");
}

/** The lock, and what the manifests say about dependencies; their other fields change nothing here. */
function installHash() {
  const manifests = [readJson("package.json"), ...workspaces().map(({ manifest }) => manifest)];
  const relevant = /^(name|version|bin|workspaces|overrides|allowScripts|\w*[dD]ependencies)$/;
  const fields = manifests.map((manifest) =>
    Object.entries(manifest).filter(([field]) => relevant.test(field)),
  );
  return hash(["package-lock.json"], JSON.stringify(fields));
}

/** Everything that a change of must lead to a new build. */
function buildInputs() {
  const config = /^(tsconfig.*\.json|tsup\.config\.ts)$/;
  return [
    ...["turbo.json", "tsconfig.base.json", "tsup.base.ts"],
    ...publicPackages().flatMap(({ dir }) => [
      `${dir}/package.json`,
      ...filesUnder(`${dir}/src`),
      ...filesUnder(dir, config),
    ]),
  ];
}

function isBuilt({ dir, manifest }) {
  return existsSync(join(root, dir, manifest.exports["."].types));
}

function hash(files, more = "") {
  const digest = createHash("sha256").update(`${process.platform} ${process.arch} ${more}`);
  for (const file of files) {
    digest.update(`\0${file}\0`);
    if (existsSync(join(root, file))) digest.update(readFileSync(join(root, file)));
  }
  return digest.digest("hex");
}

function stamp(file) {
  return existsSync(join(root, file)) ? readFileSync(join(root, file), "utf8") : undefined;
}

function must({ code }, what) {
  if (code === 0) return;
  console.error(`setup: ${what} failed`);
  process.exit(code);
}

/** Whether Node was started with this file; it names its modules by their real path, a caller may not. */
function isMain() {
  const [, script = ""] = process.argv;
  return existsSync(script) && import.meta.url === pathToFileURL(realpathSync(script)).href;
}

if (isMain()) setup();
