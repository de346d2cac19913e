/**
 * `npm run test:matrix [-- 22 24]`: unit and integration tests on other Node versions.
 * The Node binaries come from the npm package `node`; the build is the one made here.
 */
import { rmSync } from "node:fs";
import { delimiter, dirname } from "node:path";
import { bin, npm, quietEnv, run } from "./run.mjs";
import { setup } from "./setup.mjs";
import { countTests, reportFile } from "./vitest-report.mjs";

const versions = process.argv.length > 2 ? process.argv.slice(2) : ["22", "24", "26"];

setup();
const rows = versions.map(test);
console.table(rows);
process.exitCode = rows.every(({ result }) => result === "ok") ? 0 : 1;

function test(version) {
  console.log(`\n=== Node ${version} ===`);
  const node = fetchNode(version);
  if (!node) return { version, passed: 0, failed: 0, skipped: 0, result: "no such Node" };
  const report = reportFile(`node-${version}`);
  rmSync(report, { force: true });
  // First on the PATH as well, so that processes started by name run on it too.
  const env = { ...quietEnv, PATH: `${dirname(node.path)}${delimiter}${process.env.PATH}` };
  const projects = ["--project", "unit", "--project", "integration"];
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const { code } = run(node.path, [bin("vitest"), "run", ...projects, ...reporters], { env });
  return { version: node.version, ...countTests(report), result: code === 0 ? "ok" : "failed" };
}

/** Path and exact version of the newest Node of a major line, fetched if need be. */
function fetchNode(version) {
  const print =
    "console.log(JSON.stringify({path:process.execPath,version:process.versions.node}))";
  const args = ["exec", "--yes", "--package", `node@${version}`, "--", "node", "-e", print];
  const { code, stdout, stderr } = npm(args, { capture: true });
  if (code === 0) return JSON.parse(stdout.trim().split("\n").at(-1));
  console.error(stderr);
  return undefined;
}
