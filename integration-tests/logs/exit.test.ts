import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeDir } from "../process/support.ts";

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What the numbered lines of the file say, in order. */
  readonly numbers: readonly number[];
  readonly text: string;
}

/** Runs a program with a logger to its end. */
function run(body: string, options = "{}"): Ended {
  const dir = makeDir({
    "program.mjs": `
      import { createLogger } from "@elpis/logs/logger";
      const log = createLogger("web", { dir: "./logs", ...${options} });
      ${body}
    `,
  });
  const program = [join(dir, "program.mjs")];
  const { status, stdout, stderr } = spawnSync(process.execPath, program, {
    cwd: dir,
    encoding: "utf8",
    timeout: 20_000,
  });
  const path = join(dir, "logs", "web.log");
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  const numbers = [...text.matchAll(/"n":(\d+)/g)].map(([, n]) => Number(n));
  return { code: status, stdout, stderr, numbers, text };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
const LOG = "for (let n = 0; n < 5000; n++) log.info({ n });";

test.each([
  ["ends by itself", LOG, 0],
  ["says that it ends", `${LOG} process.exit(3);`, 3],
  ["says so later", `${LOG} setTimeout(() => { log.info({ n: 5000 }); process.exit(3); }, 50);`, 3],
  ["dies of an error", `${LOG} throw new Error("broken");`, 1],
])("a process that %s has written what it logged", (_, body, code) => {
  const ended = run(body);
  expect(ended.code).toBe(code);
  const count = body.includes("5000 })") ? 5001 : 5000;
  // What was being written when the process ended may stand behind what was written at its end.
  expect([...ended.numbers].sort((a, b) => a - b)).toEqual(upTo(count));
});

test("a process whose file cannot be written ends all the same, and says what is lost", () => {
  const ended = run(
    `for (let n = 0; n < 3; n++) log.info({ n });
     setTimeout(() => console.log("done"), 400);`,
    '{ dir: "./program.mjs" }',
  );
  expect(ended).toMatchObject({ code: 0, stdout: "done\n" });
  expect(ended.stderr).toMatch(/^elpis: .*web\.log cannot be written: EEXIST/);
  expect(ended.stderr).toMatch(/^elpis: 3 lines were lost when .*web\.log was closed: ENOTDIR/m);
});

test("standard output that nobody reads harms nobody", () => {
  const ended = run(
    `import { spawn } from "node:child_process";
     if (process.argv[2] === "inner") {
       setInterval(() => log.info({ n: 1 }), 5);
       setTimeout(() => process.exit(7), 500);
     } else {
       const inner = spawn(process.execPath, [process.argv[1], "inner"], { stdio: ["ignore", "pipe", "inherit"] });
       inner.stdout.destroy();
       inner.on("exit", (code) => { process.exitCode = code; });
     }`,
    '{ stdoutLevel: "info" }',
  );
  expect([ended.code, ended.stderr]).toEqual([7, ""]);
  expect(ended.numbers.length).toBeGreaterThan(5);
});

test("many loggers are no leak", () => {
  const ended = run(
    `for (let n = 0; n < 30; n++) createLogger("l" + n, { dir: "./logs" }).info("x");
     log.info({ n: 0 });`,
  );
  expect(ended).toMatchObject({ code: 0, stderr: "", numbers: [0] });
});
