/**
 * `npm start`: sets up, then runs the example shop with the built command line in the foreground.
 * Ends when it ends, with its exit code.
 */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import { setup } from "./setup.mjs";
import { root } from "./workspace.mjs";

setup();

const bin = join(root, "packages/cli/dist/bin.js");
const child = spawn(process.execPath, [bin, "run", ...process.argv.slice(2)], {
  cwd: join(root, "examples/shop"),
  env: { ...process.env, PORT: process.env.PORT ?? "3000" },
  stdio: "inherit",
});

// A Ctrl-C in a terminal reaches the child by itself; a signal sent to us alone has to be passed on.
const isTerminal = Boolean(process.stdin.isTTY || process.stdout.isTTY);
let isTold = false;
for (const signal of ["SIGTERM", "SIGHUP", "SIGINT"]) {
  process.on(signal, () => {
    isTold = true;
    if (signal !== "SIGINT" || !isTerminal) child.kill(signal);
  });
}

// npm passes a signal on to its shell only, and many shells die of it without telling us.
if (process.env.npm_lifecycle_event) {
  const shell = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(watch);
    // A second signal would cut short the graceful stop that the first has begun.
    if (!isTold) child.kill("SIGTERM");
  }, 200);
}

child.on("error", (error) => {
  console.error(`start: ${error.message}`);
  process.exitCode = 1;
});
child.on("exit", (code, signal) => {
  process.exit(code ?? 128 + (constants.signals[signal] ?? 0));
});
