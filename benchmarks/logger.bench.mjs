#!/usr/bin/env node
// What a line of the logger of @elpis/logs costs, beside pino with a file: see README.md.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { format, median, table } from "./lib/stats.mjs";

const { values: flags } = parseArgs({
  options: { reps: { type: "string", default: "5" }, lines: { type: "string", default: "200000" } },
});
/** pino with a destination that does not wait, as that of the logger. */
const REFERENCE = "pino, async";
const SYSTEMS = [
  REFERENCE,
  "pino, async, 4 KiB",
  "pino, sync",
  "elpis, own file",
  "elpis, shared file",
  "elpis, text",
];
/** Lines that are logged in one turn of the event loop. */
const BURSTS = [1, 10, 100];
const GOAL = 1.2;
const run = promisify(execFile);
const program = fileURLToPath(new URL("./logger/one.mjs", import.meta.url));

async function measure(system, burst) {
  const { stdout } = await run(process.execPath, [program, system, String(burst), flags.lines]);
  return JSON.parse(stdout);
}

const samples = new Map();
for (let rep = 0; rep < Number(flags.reps); rep++) {
  for (const burst of BURSTS) {
    // Another one begins each time.
    for (const [at] of SYSTEMS.entries()) {
      const system = SYSTEMS[(at + rep) % SYSTEMS.length];
      const key = `${system} ${burst}`;
      samples.set(key, [...(samples.get(key) ?? []), await measure(system, burst)]);
    }
  }
}

const figure = (system, burst, what) =>
  median(samples.get(`${system} ${burst}`).map((sample) => sample[what]));
const cell = (system, burst, what) => {
  const value = figure(system, burst, what);
  return `${format(value)} (${(value / figure(REFERENCE, burst, what)).toFixed(2)})`;
};
const heads = BURSTS.flatMap((burst) => [`in the call, ${burst} a turn`, `CPU, ${burst} a turn`]);
const rows = SYSTEMS.map((system) => [
  system,
  ...BURSTS.flatMap((burst) => [cell(system, burst, "callNs"), cell(system, burst, "cpuNs")]),
]);
console.log(
  `ns a line (ratio to "${REFERENCE}"), medians of ${flags.reps}, ${flags.lines} lines each`,
);
console.log(table([["", ...heads], ...rows]));
const worst = Math.max(
  ...["elpis, own file", "elpis, shared file"].flatMap((system) =>
    BURSTS.flatMap((burst) =>
      ["callNs", "cpuNs"].map(
        (what) => figure(system, burst, what) / figure(REFERENCE, burst, what),
      ),
    ),
  ),
);
console.log(`worst ratio with JSON: ${worst.toFixed(2)}, at most ${GOAL}`);
process.exitCode = worst <= GOAL ? 0 : 1;
