/**
 * `npm run reliability`: runs the programs in integration-tests/reliability in their long form, one after the other, and
 * prints every figure beside its goal. Ends with 0 when all were met.
 * Flags: `--short` for the small form, `--only=G2,G10` for some of them, `--json=FILE` to keep the figures.
 */
import { spawn } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { row, table } from "../integration-tests/reliability/lib/table.mjs";
import { root } from "./workspace.mjs";

const DIR = join(root, "integration-tests/reliability");

const { values: flags } = parseArgs({
  options: {
    short: { type: "boolean", default: false },
    only: { type: "string" },
    json: { type: "string" },
  },
});

let running;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.once(signal, () => {
    running?.kill(signal);
    process.exit(1);
  });
}

/** Takes half an hour in its long form: `npm run endurance`. */
const APART = "endurance.mjs";

/** `g02-peer-loss.mjs` is G2. */
const idOf = (file) => file.split("-")[0].replace(".mjs", "").toUpperCase().replace(/^G0/, "G");

function programs() {
  const files = readdirSync(DIR).filter((file) => file.endsWith(".mjs"));
  const wanted = flags.only?.toUpperCase().split(",");
  const unknown = wanted?.filter((id) => !files.some((file) => idOf(file) === id)) ?? [];
  if (unknown.length > 0) {
    console.error(`--only=${flags.only}: there are ${files.map(idOf).join(", ")}`);
    process.exit(1);
  }
  return files.filter((file) => wanted?.includes(idOf(file)) ?? (flags.short || file !== APART));
}

function run(file) {
  const args = [join(DIR, file), "--json", ...(flags.short ? ["--short"] : [])];
  return new Promise((resolve) => {
    running = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    running.stdout.setEncoding("utf8").on("data", (part) => {
      text += part;
    });
    running.on("close", (code) => resolve({ file, code, text }));
  });
}

function read({ file, code, text }) {
  const id = idOf(file);
  try {
    return JSON.parse(text);
  } catch {
    return { id, ok: false, error: `ended with ${code}`, figures: [], seconds: 0 };
  }
}

const began = performance.now();
const reports = [];
for (const file of programs()) {
  const report = read(await run(file));
  reports.push(report);
  const verdict = report.ok ? "ok" : "SHORT";
  console.log(`${report.id}: ${verdict} (${report.seconds.toFixed(1)} s) ${report.title ?? ""}`);
}
const figures = reports.flatMap((report) => report.figures);
if (figures.length > 0) console.log(`\n${table(figures.map(row))}\n`);
for (const { id, error, seed } of reports) {
  if (error !== undefined) console.log(`${id}: ${error} (seed ${seed})`);
}
const box = Math.max(...reports.map((report) => report.box ?? 0));
const goals = figures.filter(({ rule }) => rule !== undefined);
const met = goals.filter(({ ok }) => ok).length;
const seconds = ((performance.now() - began) / 1000).toFixed(0);
console.log(`${met} of ${goals.length} goals met, ${seconds} s, B at most ${box.toFixed(0)} ms`);
if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(reports, null, 1)}\n`);
process.exitCode = reports.every(({ ok }) => ok) ? 0 : 1;
