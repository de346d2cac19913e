#!/usr/bin/env node
// Process management, Elpis beside pm2, node:cluster and bare Node: see README.md of the folder above.
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { machine } from "../lib/suite.mjs";
import { Bench } from "./lib/bench.mjs";
import { renderTable, SYSTEMS } from "./lib/lines.mjs";
import deploy from "./rows/deploy.mjs";
import hang from "./rows/hang.mjs";
import logs from "./rows/logs.mjs";
import memory from "./rows/memory.mjs";
import reload from "./rows/reload.mjs";
import restart from "./rows/restart.mjs";
import start from "./rows/start.mjs";
import supervisor from "./rows/supervisor.mjs";
import throughput from "./rows/throughput.mjs";
import elpis from "./systems/elpis.mjs";
import { bare, cluster } from "./systems/plain.mjs";
import pm2 from "./systems/pm2.mjs";

const ROWS = [reload, deploy, hang, restart, supervisor, memory, start, throughput, logs];
const ROW_IDS = ROWS.map(({ id }) => id);
const ALL_SYSTEMS = [elpis, pm2, cluster, bare];
const USAGE = `node run.mjs [--short] [--only=${ROW_IDS.join(",")}]
             [--systems=${SYSTEMS.join(",")}] [--json=FILE] [--no-install] [--strict]`;

const { values: flags } = parseArgs({
  options: {
    short: { type: "boolean", default: false },
    only: { type: "string" },
    systems: { type: "string" },
    json: { type: "string" },
    "no-install": { type: "boolean", default: false },
    strict: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
const log = (text) => process.stderr.write(`${text}\n`);

/** The values of a flag that is a list of some of `known`; all of them when it is not given. */
function chosen(flag, known) {
  const names = flags[flag]?.split(",") ?? known;
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length === 0) return names;
  throw new Error(`--${flag}=${flags[flag]}: ${unknown.join(", ")} is none of ${known.join(", ")}`);
}

async function usableSystems(names) {
  const systems = new Map();
  const skipped = {};
  for (const system of ALL_SYSTEMS.filter(({ name }) => names.includes(name))) {
    const reason = await system.check({ install: !flags["no-install"], log });
    if (reason === null) systems.set(system.name, system);
    else skipped[system.name] = reason;
  }
  for (const [name, reason] of Object.entries(skipped)) log(`skipped ${name}: ${reason}`);
  return { systems, skipped };
}

/** A row that fails as a whole is told, and the others go on. */
async function runRow(row, systems, skipped) {
  log(`${row.id} ...`);
  const began = performance.now();
  const bench = new Bench({ systems, isShort: flags.short, log });
  let result = { lines: [] };
  try {
    result = await row.run(bench);
  } catch (error) {
    bench.errors[row.id] = String(error?.stack ?? error);
  } finally {
    await bench.closeAll();
  }
  const seconds = (performance.now() - began) / 1000;
  const missing = { ...skipped, ...bench.missing };
  const isWhole = Object.keys({ ...bench.missing, ...bench.errors }).length === 0;
  // What the machine does not tell is no line; what nobody could do stays one.
  const lines = result.lines.filter(({ cells }) => !isWhole || Object.keys(cells).length > 0);
  return { ...result, lines, missing, errors: bench.errors, seconds };
}

async function main() {
  if (flags.help) {
    console.log(USAGE);
    return;
  }
  const ids = chosen("only", ROW_IDS);
  const { systems, skipped } = await usableSystems(chosen("systems", SYSTEMS));
  const meta = { ...machine(), short: flags.short, systems: [...systems.keys()] };
  meta.sharedBySession = isSharedBySession();
  const rows = {};
  for (const row of ROWS.filter(({ id }) => ids.includes(id))) {
    rows[row.id] = await runRow(row, systems, skipped);
  }
  print(rows, meta);
  await write({ meta, skipped, rows }, meta.date);
  judge(rows);
}

/** Whether a busy Linux machine is shared out among sessions, instead of among processes. */
function isSharedBySession() {
  try {
    return readFileSync("/proc/sys/kernel/sched_autogroup_enabled", "utf8").trim() === "1";
  } catch {
    return false;
  }
}

function print(rows, meta) {
  console.log(`\n${renderTable(rows)}\n`);
  for (const [id, { missing, errors }] of Object.entries(rows)) {
    for (const [name, reason] of Object.entries(missing)) console.log(`${id}: ${name}: ${reason}`);
    for (const [name, error] of Object.entries(errors)) {
      console.log(`${id}: ${name} failed: ${error.split("\n", 1)[0]}`);
    }
  }
  console.log(
    "Compare within a line: all of it was measured in turn, on the same machine in this run.",
  );
  const isBusy = meta.load[0] > meta.cpus / 2;
  if (isBusy)
    console.log(
      "The machine was busy before this began: times, rates and processor time are doubtful.",
    );
  if (isBusy && meta.sharedBySession) {
    console.log(
      "It is shared out by session, and each worker of Elpis has one: that flatters Elpis.",
    );
  }
  console.log(`Node ${meta.node}, ${meta.cpus} x ${meta.cpu}, load ${meta.load[0].toFixed(1)}`);
}

async function write(output, date) {
  const folder = new URL("../results/", import.meta.url);
  const name = `process-${date.replaceAll(/[:.]/g, "-")}.json`;
  const file = resolve(flags.json ?? fileURLToPath(new URL(name, folder)));
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(output, null, 1)}\n`);
  console.log(`written: ${file}`);
}

/** What was measured badly is always a failure; what was measured and is too slow only when it was asked for. */
function judge(rows) {
  const all = Object.values(rows);
  if (all.some(({ errors }) => Object.keys(errors).length > 0)) process.exitCode = 1;
  const broken = all.flatMap(({ lines }) => lines.filter(({ holds }) => holds === false));
  if (flags.strict && broken.length > 0) process.exitCode = 1;
}

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));
main().catch((error) => {
  console.error(`${error.message}\n${USAGE}`);
  process.exitCode = 1;
});
