/**
 * Keeps the arrows of the house: who may import whom, that every import is declared, that no package
 * reaches into another by path, and that files stay small.
 */
import { existsSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join, posix } from "node:path";
import { importsOf, packageOf } from "./imports.mjs";
import { filesUnder, readJson, root, workspaces } from "./workspace.mjs";

const maxLines = 400;
/** Of plugins that measure, or show what was measured. */
const telling = ["@elpis/api", "@elpis/telemetry"];
/** What each package may import of the others; its own tests may also use the test kit, if declared. */
const arrows = {
  "packages/api": [],
  "packages/protocol": ["@elpis/api"],
  "packages/core": ["@elpis/api", "@elpis/protocol"],
  "packages/telemetry": ["@elpis/api"],
  "packages/testing": ["@elpis/api", "@elpis/protocol", "@elpis/core"],
  "packages/cli": ["@elpis/api", "@elpis/protocol", "@elpis/core"],
  "plugins/metrics": telling,
  "plugins/trace": telling,
  "plugins/health": telling,
  "plugins/admin": telling,
  "plugins/reporter-otlp": telling,
  "plugins/reporter-prometheus": telling,
  // The one plugin that makes processes, and the hub in them: see docs/decisions/0007.
  "plugins/process": ["@elpis/api", "@elpis/core"],
  // Makes a peer of the hub for each connection that it takes in: see docs/decisions/0011.
  "plugins/transport-node-ipc": ["@elpis/api", "@elpis/core"],
};
const pluginArrows = ["@elpis/api"];
/** What is copied into a build, so that it is no dependency of whoever installs the package: see docs/decisions/0009. */
const bundled = { "packages/protocol": ["msgpackr"] };
const presetFile = "packages/cli/src/preset.ts";

const all = workspaces();
const rootTools = Object.keys(readJson("package.json").devDependencies);
const plugins = all.filter(({ dir }) => dir.startsWith("plugins/")).map((w) => w.manifest.name);
const ours = all.map(({ manifest }) => manifest.name);
const problems = [];
const sizes = [];

for (const workspace of all.flatMap(withTemplates)) {
  for (const file of filesUnder(workspace.dir, /\.[cm]?[jt]s$/)) {
    if (!isTemplate(file) || workspace.isTemplate) checkFile(workspace, file);
  }
}
sizes.sort((a, b) => a - b);
const median = sizes[Math.floor(sizes.length / 2)] ?? 0;
for (const problem of problems) console.error(problem);
console.log(
  `boundaries: ${problems.length} problems; ${sizes.length} source files, median ${median} lines`,
);
process.exitCode = problems.length === 0 ? 0 : 1;

/** A template is a package of its own, which somebody else will publish: the arrows of the house are not for it. */
function withTemplates(workspace) {
  const manifests = filesUnder(`${workspace.dir}/templates`, /^_package\.json$/);
  const templates = manifests.map((file) => ({
    dir: posix.dirname(file),
    manifest: { ...readJson(file), private: true },
    isTemplate: true,
  }));
  return [workspace, ...templates];
}

function isTemplate(file) {
  return /^packages\/[^/]+\/templates\//.test(file);
}

function checkFile(workspace, file) {
  const text = readFileSync(join(root, file), "utf8");
  const isSource = file.startsWith(`${workspace.dir}/src/`);
  const report = (what) => problems.push(`${file}: ${what}`);
  if (isSource) {
    const lines = text.split("\n").length - 1;
    sizes.push(lines);
    if (lines > maxLines) report(`${lines} lines, more than ${maxLines}; give each subject a file`);
  }
  if (file.endsWith("tsup.config.ts")) return; // shares the factory in the root
  for (const specifier of importsOf(text)) {
    const problem = specifier.startsWith(".")
      ? checkPath(workspace, file, specifier)
      : checkPackage(workspace, file, isSource, packageOf(specifier));
    if (problem) report(`imports ${specifier}: ${problem}`);
  }
}

function checkPath({ dir }, file, specifier) {
  const target = posix.join(posix.dirname(file), specifier);
  if (!target.startsWith(`${dir}/`)) return "use the package by name, not by path";
}

function checkPackage({ dir, manifest }, file, isSource, name) {
  if (name.startsWith("node:") || name === manifest.name) return;
  if (builtinModules.includes(name)) return `write node:${name}`;
  const { dependencies, peerDependencies, optionalDependencies, devDependencies } = manifest;
  const declared = { ...dependencies, ...peerDependencies, ...optionalDependencies };
  Object.assign(declared, nestedDependencies(dir, file));
  if (bundled[dir]?.includes(name)) return;
  const forTests = isSource ? [] : [...Object.keys(devDependencies ?? {}), ...rootTools];
  if (!(name in declared) && !forTests.includes(name)) return `not declared in ${dir}/package.json`;
  if (!ours.includes(name) || manifest.private) return;
  if (file === presetFile && plugins.includes(name)) return;
  if (!isSource && name === "@elpis/testing") return;
  if (plugins.includes(name) && dir === "packages/cli")
    return `only ${presetFile} may know plugins`;
  const allowed = arrows[dir] ?? (dir.startsWith("plugins/") ? pluginArrows : []);
  if (!allowed.includes(name)) return "against the arrows of the house";
}

/** A folder inside a private workspace may have a manifest of its own (rivals, fixtures). */
function nestedDependencies(dir, file) {
  const own = posix.dirname(file);
  if (own === dir) return {};
  const isManifest = existsSync(join(root, own, "package.json"));
  return {
    ...nestedDependencies(dir, own),
    ...(isManifest ? readJson(`${own}/package.json`).dependencies : {}),
  };
}
