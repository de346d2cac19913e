#!/usr/bin/env node
// The disk of an application in the background is full for a while: it goes on, and owns up to every line it lost.
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { elpisJson, fixture, freePort, web, writeConfig } from "./lib/application.mjs";
import { fill, smallDisk } from "./lib/disk.mjs";
import { familyOf, isAlive } from "./lib/kernel.mjs";
import { ask, HttpLoad } from "./lib/load.mjs";
import { MIB, now, pause, until } from "./lib/numbers.mjs";
import { program } from "./lib/program.mjs";

const RATE = 200;
const LINES_PER_SECOND = 500;
const DISK_BYTES = 4 * MIB;
const LOSS = /elpis: (\d+) lines could not be written here/;

void program(
  "G18",
  "a full disk costs lines of the log, counted, and nothing else",
  async (run) => {
    const fullMs = run.short ? 2000 : 60_000;
    const disk = smallDisk(run, DISK_BYTES);
    if (disk === undefined)
      return run.skip("all of it", "a small file system could not be mounted");
    const settle = await (await run.hub({ name: "bystander" })).busy();
    const name = "g18";
    const port = await freePort();
    const printer = { entry: fixture("printer"), env: { RATE: String(LINES_PER_SECOND) } };
    const dir = writeConfig(run, { name, processes: { web: web(port), printer } });
    // The client library of this process looks there too.
    const env = { ELPIS_HOME: disk };
    const started = await elpisJson(run, ["start", dir], { env });
    run.exactly("elpis start", started.code, 0);
    const master = started.answer.app.pid;
    const workers = started.answer.app.processes.filter((one) => one.name === "web");
    const first = new Set(workers.map(({ pid }) => pid));
    const log = join(disk, name, "logs", `${name}.log`);
    const load = await HttpLoad.begin(run, port, run.rate(RATE));
    await until("lines in the log", () => numbersIn(log).length > 0);

    const filler = fill(disk);
    await pause(fullMs / 2);
    // What is started now finds a full disk as well.
    await load.doom([workers[0].pid]);
    const isNew = async () => {
      const { pid } = await ask(port);
      return pid !== undefined && !first.has(pid);
    };
    run.exactly("worker killed meanwhile is replaced", await until("another worker", isNew), true);
    const reloaded = await elpisJson(run, ["reload", name, "--process", "web"], { env });
    run.exactly("elpis reload meanwhile", reloaded.code, 0);
    await pause(fullMs / 2);
    rmSync(filler);
    const freed = now();
    const last = numbersIn(log).at(-1);
    await until("the log to go on", () => numbersIn(log).at(-1) > last, 20_000);
    run.atMost("log goes on after", now() - freed, 5000, "ms");
    load.onlyLost("meanwhile", await load.end());
    run.exactly("master is the same", isAlive(master), true);
    const stopped = await elpisJson(run, ["stop", name], { env });
    run.exactly("elpis stop", stopped.code, 0);
    run.exactly("left of it", familyOf(disk).size, 0);
    lines(run, log);
    await settle();
  },
);

/** Every line that was printed stands in the log, or is in the number that the log tells. */
function lines(run, log) {
  const numbers = numbersIn(log);
  const missing = numbers.at(-1) + 1 - new Set(numbers).size;
  run.note("lines printed", numbers.at(-1) + 1);
  // They wait in memory first, which takes more of them than are printed here.
  run.note("lines lost", missing);
  run.exactly("lines twice", numbers.length - new Set(numbers).size, 0);
  // The master has lines of its own to tell: that a worker was killed, and, once, that its audit trail is not written.
  const own = ["web.0 is started again", "the audit trail cannot be written"];
  const mastersLost = own.filter((text) => !textOf(log).includes(text)).length;
  run.atLeast("lines told to be lost", lossIn(log), missing);
  run.atMost("lines told to be lost, with those of the master", lossIn(log), missing + mastersLost);
}

function textOf(log) {
  return [`${log}.1`, log]
    .filter((file) => existsSync(file))
    .map((file) => readFileSync(file, "utf8"))
    .join("");
}

/** The numbers that the printer has printed and that are there. */
function numbersIn(log) {
  return [...textOf(log).matchAll(/\| line (\d+)$/gm)].map(([, n]) => Number(n));
}

/** How many lines the log says to have lost. */
function lossIn(log) {
  return [...textOf(log).matchAll(new RegExp(LOSS, "g"))].reduce(
    (all, [, n]) => all + Number(n),
    0,
  );
}
