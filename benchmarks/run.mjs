#!/usr/bin/env node
// Local messaging, Elpis beside its rivals and the limit: see README.md.
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { PEER_NAMES } from "./lib/peers.mjs";
import { faults, REFERENCE, renderTable, summarize } from "./lib/report.mjs";
import { machine, runSuite } from "./lib/suite.mjs";

const FULL = { reps: 9, ms: 380, warmMs: 80, budgetMs: 150_000 };
const QUICK = { reps: 3, ms: 150, warmMs: 40, budgetMs: 25_000 };
const USAGE = `node run.mjs [--quick] [--only=${PEER_NAMES.join(",")}] [--reps=N] [--ms=N] [--warm=N]
             [--json=FILE] [--no-install]`;

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    reps: { type: "string" },
    ms: { type: "string" },
    warm: { type: "string" },
    json: { type: "string" },
    "no-install": { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

/** A flag that is a whole number of at least `least`. */
function number(name, fallback, least = 1) {
  const value = flags[name] === undefined ? fallback : Number(flags[name]);
  if (!Number.isInteger(value) || value < least) {
    throw new Error(`--${name}=${flags[name]}: a whole number of at least ${least} is needed`);
  }
  return value;
}

function options() {
  const base = flags.quick ? QUICK : FULL;
  const names = flags.only?.split(",") ?? PEER_NAMES;
  const unknown = names.filter((name) => !PEER_NAMES.includes(name));
  if (unknown.length > 0) {
    throw new Error(
      `--only=${flags.only}: no peer ${unknown.join(", ")}; there are ${PEER_NAMES.join(", ")}`,
    );
  }
  return {
    names,
    reps: number("reps", base.reps),
    ms: number("ms", base.ms),
    warmMs: number("warm", base.warmMs, 0),
    // Asked for by number, the repetitions are all taken.
    budgetMs: flags.reps === undefined ? base.budgetMs : Number.POSITIVE_INFINITY,
    install: !flags["no-install"],
    log: (line) => process.stderr.write(`${line}\n`),
  };
}

async function main() {
  if (flags.help) {
    console.log(USAGE);
    return;
  }
  const asked = options();
  const meta = { ...machine(), quick: flags.quick, ms: asked.ms, warmMs: asked.warmMs };
  const { samples, skipped, errors, reps, seconds } = await runSuite(asked);
  const results = summarize(samples);
  const output = {
    meta: { ...meta, reps, seconds },
    reference: REFERENCE,
    skipped,
    errors,
    results,
    samples,
  };

  console.log(`\n${renderTable(results)}\n`);
  console.log(
    `In brackets: the ratio to ${REFERENCE} in this run. Rates: more is better; µs and CPU: less is better.`,
  );
  console.log(
    `${reps} repetitions, ${seconds.toFixed(0)} s, Node ${meta.node}, ${meta.cpus} x ${meta.cpu}`,
  );

  const stamp = meta.date.replaceAll(/[:.]/g, "-");
  const file = resolve(
    flags.json ?? fileURLToPath(new URL(`./results/${stamp}.json`, import.meta.url)),
  );
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(output, null, 1)}\n`);
  console.log(`written: ${file}`);

  for (const fault of faults(output)) {
    console.error(fault);
    process.exitCode = 1;
  }
}

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));
main().catch((error) => {
  console.error(`${error.message}\n${USAGE}`);
  process.exitCode = 1;
});
