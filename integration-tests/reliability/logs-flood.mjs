#!/usr/bin/env node
// One worker prints as fast as it can: it is hardly slowed down, and nobody else notices.
import { spawn } from "node:child_process";
import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { elpisJson, fixture } from "./lib/application.mjs";
import { BusyHub } from "./lib/busy-hub.mjs";
import { account, readSet, writeKept } from "./lib/kept-log.mjs";
import { cpuMsOf, signal } from "./lib/kernel.mjs";
import { now, pause, percentile, until } from "./lib/numbers.mjs";
import { program } from "./lib/program.mjs";

const MAX_RATIO = 1.3;
const MAX_LATENCY_RATIO = 1.5;
const MAX_MASTER_SHARE = 0.1;
const TAIL_BYTES = 256;

void program(
  "LOGS-FLOOD",
  "a flood of lines costs whoever prints it, and nobody else",
  async (run) => {
    const lines = run.short ? 20_000 : 200_000;
    const rounds = run.short ? 3 : 12;
    const name = "flood";
    const env = { LINES: String(lines) };
    const logs = join(run.home, "logs");
    const flood = { entry: fixture("flood"), env };
    const config = { name, processes: { flood, idle: { entry: fixture("idle") } } };
    const dir = writeKept(run, config, { dir: logs, rotate: { every: false, size: false } });
    const { code, answer } = await elpisJson(run, ["start", dir]);
    run.exactly("elpis start", code, 0);
    const master = answer.app.pid;
    const { pid } = answer.app.processes.find((one) => one.name === "flood");
    const bare = await startBare(run, env);
    const canary = await new BusyHub(run, name).canary();
    await pause(run.short ? 1000 : 5000);
    const quiet = await canary.report();

    const took = { bare: [], kept: [] };
    const shares = [];
    const latencies = { bare: [], kept: [] };
    for (let n = 1; n <= rounds; n++) {
      took.bare.push(await printed(bare.pid, bare.file, n));
      const beside = await canary.report();
      const [cpu, began] = [cpuMsOf(master), now()];
      took.kept.push(await printed(pid, join(logs, "flood.log"), n));
      shares.push((cpuMsOf(master) - cpu) / (now() - began));
      latencies.kept.push(...(await canary.report()).samples);
      latencies.bare.push(...beside.samples);
    }
    const [bareMs, keptMs] = [median(took.bare), median(took.kept)];
    run.note(`${lines} lines to a file, bare node, median of ${rounds}`, bareMs, "ms");
    run.note(`${lines} lines until kept, median of ${rounds}`, keptMs, "ms");
    run.atMost("kept over bare", keptMs / bareMs, run.short ? 4 * MAX_RATIO : MAX_RATIO);
    // Time is told in steps of ten milliseconds, and a short flood takes hardly more than ten of them.
    const share = run.short ? 3 * MAX_MASTER_SHARE : MAX_MASTER_SHARE;
    run.atMost("share of the master of one processor", median(shares), share);
    run.note("requests over the hub, quiet, p99", quiet.p99, "ms");
    // Whoever prints takes a processor for itself, kept or not: that is felt, too, where there are few of them.
    const [beside, p99] = [percentile(latencies.bare, 0.99), percentile(latencies.kept, 0.99)];
    run.note("requests over the hub while the bare one prints, p99", beside, "ms");
    run.note("requests over the hub meanwhile, p99", p99, "ms");
    if (!run.short) run.atMost("meanwhile over bare", p99 / beside, MAX_LATENCY_RATIO);
    if (!run.short) run.atMost("meanwhile over quiet", p99 / quiet.p99, MAX_LATENCY_RATIO);
    bare.kill();
    const stopped = await elpisJson(run, ["stop", name]);
    run.exactly("elpis stop", stopped.code, 0);
    all(run, logs, lines * rounds);
  },
);

async function startBare(run, env) {
  const file = join(run.home, "bare.log");
  const fd = openSync(file, "a");
  const child = spawn(process.execPath, [fixture("flood")], {
    env: { ...process.env, ...env },
    stdio: ["ignore", fd, "inherit"],
    // As those of an application: with a share of the processors of its own.
    detached: true,
  });
  closeSync(fd);
  run.atEnd(() => child.kill("SIGKILL"));
  // Before that the signal would kill it.
  await until("the bare process to listen", () => tailOf(file) === "up\n");
  return { pid: child.pid, file, kill: () => child.kill("SIGKILL") };
}

/** How long until the last line of a flood is in the file, in milliseconds. */
async function printed(pid, file, n) {
  const began = now();
  signal(pid, "SIGUSR2");
  await until("the end of the flood", () => tailOf(file).includes(`end of flood ${n}\n`), 60_000);
  return now() - began;
}

function tailOf(file) {
  if (statSync(file, { throwIfNoEntry: false }) === undefined) return "";
  const fd = openSync(file);
  const { size } = fstatSync(fd);
  const buffer = Buffer.alloc(Math.min(size, TAIL_BYTES));
  readSync(fd, buffer, 0, buffer.length, size - buffer.length);
  closeSync(fd);
  return buffer.toString("latin1");
}

function all(run, logs, expected) {
  const { lines, torn } = readSet(logs, "flood.log");
  const floods = lines.filter(({ text }) => text.startsWith("line "));
  run.exactly("lines kept", floods.length, expected);
  run.exactly("lines missing", account(lines).missing, 0);
  run.exactly("lines torn", torn.length, 0);
}

const median = (values) => percentile(values, 0.5);
