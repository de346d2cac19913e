#!/usr/bin/env node
// Several processes write one file that is rotated each second, while they and the rotator are frozen and killed.
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { fill, smallDisk } from "./lib/disk.mjs";
import { fdsOf } from "./lib/kernel.mjs";
import { MIB, now, pause, until } from "./lib/numbers.mjs";
import { program } from "./lib/program.mjs";

const WRITERS = 4;
/** Lines that each of them writes in a second; in the short form, where all parts run at once, fewer. */
const RATE = 5000;
const SHORT_RATE = 2000;
const FULL_WRITERS = 2;
const FULL_RATE = 1000;
const FREEZE_MS = 1500;
/** Where the rotator is killed, a writer may say that there is none. */
const NO_ROTATOR = "ELPIS_LOGS_NO_ROTATOR";
const UNWRITABLE = "ELPIS_LOGS_UNWRITABLE";

void program("LOGS", "no line of a file that many write is lost, doubled or torn", async (run) => {
  const date = { type: "date", every: "second" };
  await run.parts(
    () => rotated(run, "put aside each second", { ...date, compress: true }),
    () => rotated(run, "emptied each second", { type: "size-truncate" }),
    () => onFullDisk(run),
  );
});

/** One file, its writers, their only rotator, and what happens to them. */
async function rotated(run, what, options) {
  const hub = await run.hub();
  const canary = run.short ? undefined : await hub.canary();
  const dir = join(run.home, options.type);
  mkdirSync(dir, { mode: 0o700 });
  const family = new Family(run, { hub: hub.name, dir, options });
  await family.startRotator();
  for (let n = 0; n < WRITERS; n++) await family.startWriter();
  await family.registered();
  const rounds = run.short ? 1 : 6;
  let fdsBefore;
  for (let round = 0; round < rounds; round++) {
    await pause(run.short ? 1000 : 2500);
    fdsBefore ??= family.descriptors();
    await family.freezeOne(round);
    await pause(run.short ? 500 : 2500);
    await family.killOne(round);
    await pause(run.short ? 500 : 2500);
    await family.killRotator();
    await pause(run.short ? 1500 : 2500);
  }
  await until("few descriptors", () => family.descriptors() <= fdsBefore, 20_000);
  run.atMost(`${what}: descriptors, at the end`, family.descriptors(), fdsBefore);
  const { told, lost, tales } = await family.end();
  run.note(`${what}: warnings of the rotator`, tales.length);
  run.exactly(`${what}: lines lost`, lost, 0);
  const troubles = told.filter((code) => code !== NO_ROTATOR).join(" ");
  run.exactly(`${what}: troubles that writers told of`, troubles || "none", "none");
  judge(run, what, family, read(run, what, dir));
  if (canary !== undefined) run.canaryIsWell(`${what}: canary`, await canary.report());
}

/** The disk is full for a while: what is lost is counted, by each writer and in the file, and nothing else is wrong. */
async function onFullDisk(run) {
  const what = "full disk";
  const disk = smallDisk(run, 4 * MIB);
  if (disk === undefined) return run.skip(what, "a small file system could not be mounted");
  const hub = await run.hub();
  const options = { type: "size", maxFileSize: "256kb", buffer: "32kb" };
  const family = new Family(run, { hub: hub.name, dir: disk, options });
  await family.startRotator();
  for (let n = 0; n < FULL_WRITERS; n++) await family.startWriter(FULL_RATE);
  await family.registered();
  const filler = fill(disk);
  await pause(run.short ? 2000 : 20_000);
  const before = await family.progress();
  rmSync(filler);
  const freed = now();
  await until("all to write again", async () => {
    const after = await family.progress();
    return after.every((lines, at) => lines > before[at]);
  });
  run.atMost(`${what}: all write again after`, now() - freed, 5000, "ms");
  const { told, lost } = await family.end();
  const tellers = told.filter((code) => code === UNWRITABLE).length;
  run.atLeast(`${what}: times that writers told of it`, tellers, FULL_WRITERS);
  const { seen, notes, torn } = read(run, what, disk);
  const written = [...family.wanted.values()].reduce((sum, { most }) => sum + most, 0);
  const there = [...seen.values()].reduce((sum, times) => sum + Object.keys(times).length, 0);
  run.atLeast(`${what}: lines lost`, lost, 1);
  run.exactly(`${what}: lines missing`, written - there, lost);
  run.exactly(`${what}: lines that the file says are missing`, notes, lost);
  // Half a line that the disk took stands by itself; the whole is written again.
  run.atMost(`${what}: halves of lines`, torn, FULL_WRITERS);
}

class Family {
  #run;
  #how;
  #rotator;
  #living = new Map();
  #next = 0;
  /** By writer: how many of its lines must be there, and how many may be. */
  wanted = new Map();

  constructor(run, how) {
    this.#run = run;
    // All of them are kept, to be counted.
    this.#how = { ...how, options: { ...how.options, maxFiles: 100_000 } };
  }

  async startRotator() {
    this.#rotator = this.#run.start("logs-rotator");
    await this.#rotator.call("open", this.#how);
    if (this.#how.options.type !== "date") await this.#rotator.call("begin");
  }

  async startWriter(rate = this.#run.short ? SHORT_RATE : RATE) {
    const index = this.#next++;
    const writer = this.#run.start("logs-writer");
    await writer.call("open", { ...this.#how, index });
    await writer.call("begin", { rate: this.#run.rate(rate) });
    this.#living.set(index, writer);
  }

  registered() {
    return until("all writers to be known", async () => {
      const [status] = await this.#rotator.call("status");
      return status?.writers.length === this.#living.size;
    });
  }

  /** How many lines of each are in the file for certain. */
  progress() {
    return Promise.all([...this.#living.values()].map((writer) => writer.call("progress")));
  }

  descriptors() {
    const actors = [this.#rotator, ...this.#living.values()];
    return actors.reduce((sum, { pid }) => sum + fdsOf(pid), 0);
  }

  /** Over a rotation, at least. */
  async freezeOne(round) {
    const writer = [...this.#living.values()][round % WRITERS];
    writer.freeze();
    await pause(FREEZE_MS);
    writer.thaw();
  }

  async killOne(round) {
    const [index, writer] = [...this.#living][(round + 1) % WRITERS];
    const safe = await writer.call("progress");
    writer.kill();
    await writer.exited;
    this.#living.delete(index);
    this.wanted.set(index, { least: safe, most: Number.POSITIVE_INFINITY });
    await this.startWriter();
  }

  async killRotator() {
    this.#rotator.kill();
    await this.#rotator.exited;
    await pause(200);
    await this.startRotator();
    await this.registered();
  }

  async end() {
    const told = [];
    let lost = 0;
    for (const [index, writer] of this.#living) {
      const ended = await writer.call("end");
      this.wanted.set(index, { least: ended.lines, most: ended.lines });
      told.push(...ended.told);
      lost += ended.lost;
    }
    const { told: tales } = await this.#rotator.call("end");
    for (const actor of [this.#rotator, ...this.#living.values()]) actor.kill();
    return { told, lost, tales };
  }
}

/** All lines of all files, as far as they are whole; how many are not. */
function read(run, what, dir) {
  const seen = new Map();
  let torn = 0;
  let total = 0;
  let notes = 0;
  const names = readdirSync(dir).filter((name) => name.startsWith("shared.log"));
  const compressed = names.filter((name) => name.endsWith(".gz"));
  run.note(`${what}: files`, names.length);
  run.note(`${what}: files, compressed`, compressed.length);
  for (const name of names) {
    const bytes = readFileSync(join(dir, name));
    const text = (name.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString();
    for (const line of text.split("\n")) {
      if (line === "") continue;
      const found = /^\{.*"w":(\d+),"n":(\d+)\}$/.exec(line);
      const note = /^\{.*"lost":(\d+),"msg":"[^"]*"\}$/.exec(line);
      if (note !== null) notes += Number(note[1]);
      else if (found === null) torn++;
      else {
        const [w, n] = [Number(found[1]), Number(found[2])];
        const times = seen.get(w) ?? [];
        times[n] = (times[n] ?? 0) + 1;
        seen.set(w, times);
        total++;
      }
    }
  }
  return { seen, torn, total, notes };
}

function judge(run, what, { wanted }, { seen, torn, total }) {
  let missing = 0;
  let doubled = 0;
  let strange = 0;
  for (const [w, { least, most }] of wanted) {
    const times = seen.get(w) ?? [];
    for (let n = 0; n < least; n++) if (times[n] === undefined) missing++;
    doubled += times.filter((count) => count > 1).length;
    if (times.length > most) strange++;
  }
  run.note(`${what}: lines`, total);
  run.exactly(`${what}: lines missing`, missing, 0);
  run.exactly(`${what}: lines twice`, doubled, 0);
  run.exactly(`${what}: lines torn`, torn, 0);
  run.exactly(`${what}: writers with lines they did not write`, strange, 0);
}
