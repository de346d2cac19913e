/**
 * `npm test`: everything that must hold before a change is merged, in order, up to the first failure.
 * The last line is always `N passed, N failed, N skipped`, alone; the exit code tells the rest.
 */
import { rmSync } from "node:fs";
import { npm, tool } from "./run.mjs";
import { setup } from "./setup.mjs";
import { countTests, reportFile, sum } from "./vitest-report.mjs";

const report = reportFile("test");
rmSync(report, { force: true });

const vitest = ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
const steps = [
  ["Types", () => npm(["run", "--silent", "typecheck"])],
  ["Lint and boundaries", () => npm(["run", "--silent", "lint"])],
  ["Tests", () => tool("vitest", vitest)],
  ["Packages", () => npm(["run", "--silent", "check:packages"])],
  ["Unused code and dependencies", () => npm(["run", "--silent", "knip"])],
];

process.on("exit", () => console.log(sum(countTests(report))));

setup();
for (const [name, step] of steps) {
  console.log(`\n=== ${name} ===`);
  const startedAt = Date.now();
  const { code } = step();
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  if (code !== 0) {
    console.error(`\n=== ${name}: failed (${seconds} s) ===`);
    process.exit(code);
  }
  console.log(`--- ${name}: ok (${seconds} s)`);
}
console.log("");
