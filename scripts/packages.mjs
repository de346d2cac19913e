/**
 * `npm run check:packages`: the packages as users get them. Packs each, lints the tarballs (publint,
 * are-the-types-wrong), installs them into an empty project and loads every export both ways.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { npm, run, tool } from "./run.mjs";
import { setup } from "./setup.mjs";
import { publicPackages, root } from "./workspace.mjs";

const work = mkdtempSync(join(tmpdir(), "elpis-packages-"));
const failures = [];
process.on("exit", () => rmSync(work, { recursive: true, force: true }));

setup();
const tarballs = pack();
for (const tarball of tarballs) lint(tarball);
install();
for (const { manifest } of publicPackages()) load(manifest);

for (const failure of failures) console.error(`packages: ${failure}`);
if (failures.length === 0)
  console.log(`packages: ${tarballs.length} checked on Node ${process.versions.node}`);
process.exitCode = failures.length === 0 ? 0 : 1;

function pack() {
  const to = join(work, "tarballs");
  mkdirSync(to);
  const chosen = publicPackages().flatMap(({ dir }) => ["-w", dir]);
  check(
    "npm pack",
    npm(["pack", "--ignore-scripts", "--pack-destination", to, ...chosen], { capture: true }),
  );
  return readdirSync(to).map((name) => join(to, name));
}

function lint(tarball) {
  check(`publint ${tarball}`, tool("publint", ["run", tarball, "--strict"], { capture: true }));
  const attw = [tarball, "--profile", "esm-only", "--format", "ascii"];
  check(`attw ${tarball}`, tool("@arethetypeswrong/cli", attw, { command: "attw", capture: true }));
}

function install() {
  writeFileSync(join(work, "package.json"), '{"private":true}\n');
  const flags = ["--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline", "--no-save"];
  check("npm install", npm(["install", ...flags, ...tarballs], { cwd: work, capture: true }));
}

/** Loads each export in a process of its own, so that none can lean on another. */
function load({ name, version, exports, bin }) {
  for (const path of Object.keys(exports)) {
    const id = JSON.stringify(name + path.slice(1));
    node(`require(${id})`, ["--input-type=commonjs", "-e", `require(${id})`]);
    if (path !== "./package.json")
      node(`import(${id})`, ["--input-type=module", "-e", `await import(${id})`]);
  }
  for (const [command, file] of Object.entries(bin ?? {})) {
    const printed = node(`${command} --version`, [join("node_modules", name, file), "--version"]);
    if (printed.trim() !== version)
      failures.push(`${command} --version printed "${printed.trim()}", not ${version}`);
  }
}

function node(what, args) {
  // A warning on stderr (an experimental feature, say) would reach our users too.
  const result = run(process.execPath, args, { cwd: work, capture: true, timeoutMs: 20_000 });
  check(what, result);
  if (result.code === 0 && result.stderr !== "") failures.push(`${what} warned:\n${result.stderr}`);
  return result.stdout;
}

function check(what, { code, stdout, stderr }) {
  if (code !== 0) failures.push(`${what.replace(root, "")} failed:\n${stdout}${stderr}`);
}
