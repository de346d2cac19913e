// What every program here is made of: flags, processes, figures, a verdict.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { connectTo } from "@elpis/core";
import { seeded } from "@elpis/testing";
import { measureBox, stretch } from "./box.mjs";
import { counts, now } from "./numbers.mjs";
import { Processes } from "./processes.mjs";
import { row, table } from "./table.mjs";

const SHORT_LIMIT_MS = 30_000;
const LONG_LIMIT_MS = 240_000;
const FORKS = 15;
const SHORT_FORKS = 4;

/** The hub of a run and what makes it busy. */
class Hub {
  constructor(run, actor, name, { path, secret, dir }) {
    this.run = run;
    this.actor = actor;
    this.name = name;
    this.path = path;
    this.secret = secret;
    this.dir = dir;
  }

  get pid() {
    return this.actor.pid;
  }

  stats() {
    return this.actor.call("stats");
  }

  /** Kills it, and starts another one in its place. */
  async restart() {
    this.actor.kill();
    await this.actor.exited;
    const { actor, path, secret } = await this.run.hub({ name: this.name });
    Object.assign(this, { actor, path, secret });
  }

  /** Two peers that send 2000 messages a second to one another; 200 of them are requests. */
  async load() {
    const source = this.run.start("background");
    const sink = this.run.start("background");
    await sink.call("listen", { hub: this.name });
    await source.call("talk", { hub: this.name });
    return { source, sink };
  }

  /** A peer that asks and checks the answers. */
  async canary() {
    const singer = this.run.start("canary");
    const answerer = this.run.start("canary");
    const answererId = await answerer.call("answer", { hub: this.name });
    await singer.call("sing", { hub: this.name });
    return { report: () => singer.call("report"), singer, answerer, answererId };
  }
}

/** One run of one program. */
class Run {
  figures = [];
  home = mkdtempSync(join(tmpdir(), "elpis-rel-"));
  processes = new Processes(this.home);
  #clients = [];
  #hubs = 0;

  constructor(id, short, seed) {
    this.id = id;
    this.short = short;
    this.seed = seed;
    this.random = seeded(seed);
    process.env.ELPIS_HOME = this.home;
  }

  start(name, options) {
    return this.processes.start(name, options);
  }

  /** Starts a hub in a process of its own. */
  async hub({ name = `hub${++this.#hubs}`, process: how = {}, ...options } = {}) {
    const actor = this.start("hub", how);
    return new Hub(this, actor, name, await actor.call("open", { name, ...options }));
  }

  /** Joins a hub from this process. */
  async connect(hub, name = "program", options = {}) {
    const client = await connectTo(hub.name, { ...options, location: { name } });
    this.#clients.push(client);
    return client;
  }

  /** Notes a figure that must not be larger than its goal. Goals in milliseconds grow with a slow box. */
  atMost(what, value, goal, unit) {
    const scaled = unit === "ms" ? goal * this.stretch : goal;
    this.#note({ what, value, goal: scaled, rule: "<=", unit, ok: value <= scaled });
  }

  atLeast(what, value, goal, unit) {
    this.#note({ what, value, goal, rule: ">=", unit, ok: value >= goal });
  }

  exactly(what, value, goal, unit) {
    this.#note({ what, value, goal, rule: "=", unit, ok: value === goal });
  }

  /** Notes a figure that has no goal. */
  note(what, value, unit) {
    this.#note({ what, value, unit, ok: true });
  }

  /** The canary was never told anything wrong, and never refused. */
  canaryIsWell(what, { asked, right, wrong, failed, p99 }) {
    this.exactly(`${what}: answers wrong`, wrong, 0);
    this.exactly(`${what}: questions failed`, counts(failed), "none");
    this.atLeast(`${what}: questions answered`, right, Math.min(10, asked - 1));
    this.note(`${what}: p99`, p99, "ms");
  }

  async end() {
    this.processes.killAll();
    await Promise.race([
      Promise.all(this.#clients.map((client) => client.close())),
      new Promise((resolve) => setTimeout(resolve, 2000).unref()),
    ]);
    rmSync(this.home, { recursive: true, force: true });
  }

  #note(figure) {
    this.figures.push({ id: this.id, ...figure });
  }
}

/**
 * Runs `body(run)`, prints its figures beside their goals, and ends with 0 when all were met.
 * Flags: `--short`, `--json`, `--seed=N`, `--box=MS` (what a fork takes, where that was measured already).
 */
export async function program(id, title, body) {
  const { values: flags } = parseArgs({
    options: {
      short: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      seed: { type: "string" },
      box: { type: "string" },
    },
  });
  if (process.platform !== "linux") {
    console.error(`${id}: needs Linux: it asks /proc about processes`);
    process.exit(1);
  }
  const seed = Number(flags.seed ?? Math.floor(Math.random() * 2 ** 31));
  const run = new Run(id, flags.short, seed);
  process.on("exit", () => {
    run.processes.killAll();
    rmSync(run.home, { recursive: true, force: true });
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => process.exit(1));
  const began = now();
  const limitMs = flags.short ? SHORT_LIMIT_MS : LONG_LIMIT_MS;
  let error;
  try {
    run.box =
      flags.box === undefined
        ? await measureBox(run.processes, flags.short ? SHORT_FORKS : FORKS)
        : Number(flags.box);
    run.stretch = stretch(run.box);
    await Promise.race([
      body(run),
      new Promise((_, reject) => {
        setTimeout(() => reject(new Error(`not done within ${limitMs} ms`)), limitMs).unref();
      }),
    ]);
  } catch (caught) {
    error = String(caught?.stack ?? caught);
  }
  const { said } = run.processes;
  await run.end();
  const ok =
    error === undefined && run.figures.length > 0 && run.figures.every((figure) => figure.ok);
  const seconds = (now() - began) / 1000;
  const { figures, box } = run;
  if (flags.json) {
    console.log(JSON.stringify({ id, title, ok, error, seed, box, seconds, figures }));
  } else {
    const head = `${id}: ${title} (B ${box.toFixed(0)} ms, seed ${seed}, ${seconds.toFixed(1)} s)`;
    console.log([head, ...(figures.length > 0 ? [table(figures.map(row))] : [])].join("\n"));
  }
  if (error !== undefined) console.error(`${id}: ${error}`);
  if (!ok) for (const text of said) console.error(text);
  process.exit(ok ? 0 : 1);
}
