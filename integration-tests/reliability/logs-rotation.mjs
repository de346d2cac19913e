#!/usr/bin/env node
// Many writers, a rotation each second: every line is there once. Whoever rotates is killed: what is there can be read.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { elpisJson, fixture } from "./lib/application.mjs";
import { account, keeperOf, readSet, writeKept } from "./lib/kept-log.mjs";
import { fdsOf, isAlive, rssOf, signal } from "./lib/kernel.mjs";
import { MIB, now, pause, until } from "./lib/numbers.mjs";
import { program } from "./lib/program.mjs";

const WRITERS = 4;
const LINES_PER_SECOND = 20_000;
/** The rotations of every second, and what may be late. */
const ROTATIONS_AT_LEAST = 0.8;

void program(
  "LOGS-ROTATION",
  "every line is kept once, however often files are put aside",
  async (run) => {
    const settle = await (await run.hub({ name: "bystander" })).busy();
    await steady(run);
    await killed(run);
    await settle();
  },
);

async function start(run, name, env, options) {
  const printer = { entry: fixture("printer"), scale: WRITERS, env };
  const logs = join(run.home, `${name}-logs`);
  const dir = writeKept(run, { name, processes: { printer } }, { dir: logs, ...options });
  const { code } = await elpisJson(run, ["start", dir]);
  run.exactly(`${name}: elpis start`, code, 0);
  return logs;
}

async function steady(run) {
  const name = "steady";
  const forMs = run.short ? 4000 : 60_000;
  const rate = run.rate(LINES_PER_SECOND);
  const logs = await start(
    run,
    name,
    { RATE: String(rate / WRITERS) },
    { rotate: { every: "second", size: false }, keep: { files: false } },
  );
  const keeper = keeperOf(run.home);
  const fds = [];
  const rss = [];
  const began = now();
  while (now() - began < forMs) {
    await pause(forMs / 20);
    fds.push(fdsOf(keeper));
    rss.push(rssOf(keeper) / MIB);
  }
  const { code } = await elpisJson(run, ["stop", name]);
  run.exactly(`${name}: elpis stop`, code, 0);
  await until("the keeper to be gone", () => !isAlive(keeper));
  const { files, lines, torn } = readSet(logs, "printer.log");
  const { writers, printed, missing, twice } = account(lines);
  run.exactly(`${name}: writers`, writers, WRITERS);
  run.atLeast(`${name}: lines printed`, printed, Math.round(rate * (forMs / 1000) * 0.9));
  run.exactly(`${name}: lines missing`, missing, 0);
  run.exactly(`${name}: lines twice`, twice, 0);
  run.exactly(`${name}: lines torn`, torn.length, 0);
  run.atLeast(`${name}: files`, files.length, Math.floor((forMs / 1000) * ROTATIONS_AT_LEAST));
  run.note(`${name}: descriptors of the keeper, least and most`, extremes(fds));
  // A rotation that is under way has a few open.
  run.atMost(`${name}: descriptors, most over least`, Math.max(...fds) - Math.min(...fds), 8);
  run.note(`${name}: memory of the keeper, MiB, least and most`, extremes(rss.map(Math.round)));
  rmSync(logs, { recursive: true });
}

/** The process that writes and rotates is killed again and again, in the middle of it. */
async function killed(run) {
  const name = "killed";
  const kills = run.short ? 3 : 20;
  const logs = await start(
    run,
    name,
    { RATE: String(run.rate(LINES_PER_SECOND / 4) / WRITERS) },
    // Nearly always in the middle of a rotation.
    { rotate: { every: "second", size: "16kb" }, keep: { files: false } },
  );
  let last = 0;
  for (let n = 0; n < kills; n++) {
    await pause(200 + run.random.int(500));
    const keeper = keeperOf(run.home);
    signal(keeper, "SIGKILL");
    last = await until("another keeper", () => {
      const other = keeperOf(run.home);
      return other !== keeper && other;
    });
  }
  const { lines: before } = readSetLive(logs);
  await until("lines to be kept again", () => readSetLive(logs).lines.length > before.length);
  const { code } = await elpisJson(run, ["stop", name]);
  run.exactly(`${name}: elpis stop`, code, 0);
  await until("the last keeper to be gone", () => !isAlive(last));
  const { files, lines, torn } = readSet(logs, "printer.log");
  const { printed, missing, twice } = account(lines);
  run.note(`${name}: files`, files.length);
  run.note(`${name}: lines printed`, printed);
  run.exactly(`${name}: lines twice`, twice, 0);
  run.exactly(
    `${name}: lines torn, but for the one in the hand of each killed`,
    torn.length <= kills,
    true,
  );
  // They were in the hands of those that were killed, and had been read from the pipes.
  run.note(`${name}: lines lost with ${kills} keepers`, missing);
}

/** Files come and go while this is read. */
function readSetLive(logs) {
  try {
    return readSet(logs, "printer.log");
  } catch {
    return { lines: [] };
  }
}

const extremes = (values) => `${Math.min(...values)} / ${Math.max(...values)}`;
