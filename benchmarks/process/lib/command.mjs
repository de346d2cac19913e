// Runs what a person would type, and says how it ended and how long it took.
import { spawn } from "node:child_process";
import { owned } from "./cleanup.mjs";

const TIMEOUT_MS = 90_000;
const LAST_OUTPUT_MS = 500;

/** The variables of this process without those that would mix its surroundings into what is measured. */
export function cleanEnv(more) {
  const own = Object.entries(process.env).filter(
    ([name]) =>
      !/^(ELPIS_|PM2_|NODE_OPTIONS$|NODE_CHANNEL|NODE_UNIQUE_ID$|VITEST|PORT$)/.test(name),
  );
  return { ...Object.fromEntries(own), NO_COLOR: "1", ...more };
}

/** Runs a script of Node. `code` is null when it had to be killed because the time was up. */
export function node(args, { cwd, env, timeoutMs = TIMEOUT_MS }) {
  const began = performance.now();
  const child = spawn(process.execPath, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const release = owned(child.pid);
  const texts = ["", ""];
  for (const [index, stream] of [child.stdout, child.stderr].entries()) {
    stream.setEncoding("utf8").on("data", (text) => {
      texts[index] += text;
    });
  }
  const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => {
      const ms = performance.now() - began;
      clearTimeout(timer);
      release();
      const done = () => resolve({ code, ms, stdout: texts[0], stderr: texts[1] });
      // A daemon that the command leaves behind may hold the pipes.
      const late = setTimeout(() => {
        for (const stream of [child.stdout, child.stderr]) stream.destroy();
      }, LAST_OUTPUT_MS);
      child.once("close", () => {
        clearTimeout(late);
        done();
      });
    });
  });
}

/** The command itself is not there: the row is told so instead of being counted as lost. */
export class NotAvailable extends Error {}

/** The last line that says something, for a person. */
export function lastLine({ stdout, stderr }) {
  return (
    `${stdout}\n${stderr}`
      .split("\n")
      .map((line) => line.trim())
      .filter(Boolean)
      .at(-1) ?? ""
  );
}
