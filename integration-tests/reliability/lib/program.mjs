// What every program here is made of: flags, processes, figures, a verdict.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { connectTo } from "@elpis/core";
import { seeded } from "@elpis/testing";
import { measureBox, stretch } from "./box.mjs";
import { BusyHub } from "./busy-hub.mjs";
import { counts, now } from "./numbers.mjs";
import { Processes } from "./processes.mjs";
import { row, table } from "./table.mjs";

const SHORT_LIMIT_MS = 45_000;
const LONG_LIMIT_MS = 900_000;
const FORKS = 15;
const SHORT_FORKS = 4;

/** The hub of a run, in a process of its own. */
class Hub extends BusyHub {
  constructor(run, actor, name, { path, secret, dir }) {
    super(run, name);
    this.actor = actor;
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
}

/** One run of one program. */
class Run {
  figures = [];
  /** What a fork took, each time that was measured. */
  boxes = [];
  home = mkdtempSync(join(tmpdir(), "elpis-rel-"));
  processes = new Processes(this.home);
  #clients = [];
  #atEnd = [];
  #visitors = new Map();
  #hubs = 0;

  constructor(id, flags, seed) {
    this.id = id;
    this.flags = flags;
    this.short = flags.short;
    this.seed = seed;
    this.random = seeded(seed);
    process.env.ELPIS_HOME = this.home;
  }

  /** Parts that do not disturb one another: in the short form at once, else one after the other. */
  async parts(...parts) {
    if (this.short) await Promise.all(parts.map((part) => part()));
    else for (const part of parts) await part();
  }

  /** Measures the box as it is now: what follows is judged by it. */
  async measure() {
    this.judge(await measureBox(this.processes, this.short ? SHORT_FORKS : FORKS));
  }

  judge(box) {
    this.box = box;
    this.stretch = stretch(box);
    this.boxes.push(Math.round(box));
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

  /** A client of that hub that is kept for the run. */
  visitor(name) {
    const found = this.#visitors.get(name) ?? this.connect({ name }, "visitor");
    this.#visitors.set(name, found);
    found.catch(() => this.#visitors.delete(name));
    return found;
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

  /** The background was never refused, nor told anything wrong. */
  backgroundIsWell({ failed, wrong, answered }) {
    this.exactly("background: requests failed", counts({ ...failed, wrong }), "none");
    this.atLeast("background: requests answered", answered, 10);
  }

  /** Leaves a promise out of this run, with the reason: what it is about is not there. */
  skip(what, why) {
    this.#note({ what: `${what}: left out, ${why}`, value: "-", ok: true });
  }

  /** The canary was never told anything wrong, and never refused. */
  canaryIsWell(what, { asked, right, wrong, failed, p99 }) {
    this.exactly(`${what}: answers wrong`, wrong, 0);
    this.exactly(`${what}: questions failed`, counts(failed), "none");
    this.atLeast(`${what}: questions answered`, right, Math.min(10, asked - 1));
    this.note(`${what}: p99`, p99, "ms");
  }

  /** Looks that a worker's replacement is to be there, at the latest, in milliseconds; see {@link atMost}. */
  get replacedMs() {
    return Math.max(250, (3 * this.box) / this.stretch);
  }

  /** So many a second, on a slow box as many less: what is beyond its strength says nothing about us. */
  rate(perSecond) {
    return Math.round(perSecond / this.stretch);
  }

  /** Called at the end, also when the run has failed. */
  atEnd(action) {
    this.#atEnd.push(action);
  }

  async end() {
    this.processes.killAll();
    for (const action of this.#atEnd) action();
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
 * Flags: `--short`, `--json`, `--seed=N`, `--box=MS` (what a fork takes, where that was measured already), and those in
 * `options`. `limitMs` is how long the long form may take.
 */
export async function program(id, title, body, { options = {}, limitMs = LONG_LIMIT_MS } = {}) {
  const { values: flags } = parseArgs({
    options: {
      short: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      seed: { type: "string" },
      box: { type: "string" },
      ...options,
    },
  });
  if (process.platform !== "linux") {
    console.error(`${id}: needs Linux: it asks /proc about processes`);
    process.exit(1);
  }
  const seed = Number(flags.seed ?? Math.floor(Math.random() * 2 ** 31));
  const run = new Run(id, flags, seed);
  process.on("exit", () => {
    run.processes.killAll();
    rmSync(run.home, { recursive: true, force: true });
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => process.exit(1));
  const began = now();
  const limit = flags.short
    ? SHORT_LIMIT_MS
    : typeof limitMs === "function"
      ? limitMs(flags)
      : limitMs;
  let error;
  try {
    if (flags.box === undefined) await run.measure();
    else run.judge(Number(flags.box));
    await Promise.race([
      body(run),
      new Promise((_, reject) => {
        setTimeout(() => reject(new Error(`not done within ${limit} ms`)), limit).unref();
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
    const head = `${id}: ${title} (B ${run.boxes.join(", then ")} ms, seed ${seed}, ${seconds.toFixed(1)} s)`;
    console.log([head, ...(figures.length > 0 ? [table(figures.map(row))] : [])].join("\n"));
  }
  if (error !== undefined) console.error(`${id}: ${error}`);
  if (!ok) for (const text of said) console.error(text);
  process.exit(ok ? 0 : 1);
}
