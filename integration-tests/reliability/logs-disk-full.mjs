#!/usr/bin/env node
// The disk of the logs is full for a while: nobody notices but who reads them, and what was lost is counted.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { elpisJson, fixture, freePort, web } from "./lib/application.mjs";
import { fill, smallDisk } from "./lib/disk.mjs";
import { account, keeperOf, readSet, writeKept } from "./lib/kept-log.mjs";
import { isAlive } from "./lib/kernel.mjs";
import { HttpLoad } from "./lib/load.mjs";
import { MIB, now, pause, until } from "./lib/numbers.mjs";
import { program } from "./lib/program.mjs";

const RATE = 200;
const LINES_PER_SECOND = 2000;
const DISK_BYTES = 8 * MIB;
const LOSS = /^elpis: (\d+) lines were lost here/;

void program(
  "LOGS-DISK-FULL",
  "a full disk costs lines, counted exactly, and nothing else",
  async (run) => {
    const fullMs = run.short ? 2000 : 30_000;
    const disk = smallDisk(run, DISK_BYTES);
    if (disk === undefined)
      return run.skip("all of it", "a small file system could not be mounted");
    const settle = await (await run.hub({ name: "bystander" })).busy();
    const name = "full";
    const port = await freePort();
    const printer = { entry: fixture("printer"), env: { RATE: String(LINES_PER_SECOND) } };
    const dir = writeKept(
      run,
      { name, processes: { web: web(port), printer } },
      { dir: join(disk, "logs"), buffer: run.short ? "32kb" : "256kb" },
    );
    const { code, answer } = await elpisJson(run, ["start", dir]);
    run.exactly("elpis start", code, 0);
    const pids = [
      answer.app.pid,
      keeperOf(run.home),
      ...answer.app.processes.map((one) => one.pid),
    ];
    const load = await HttpLoad.begin(run, port, run.rate(RATE));
    const client = await run.visitor(name);
    const stats = () => client.request("elpis.logs.stats", {}, { to: { role: "master" } });
    await until("lines to be kept", async () => (await stats()).lines > 100);

    const filler = fill(disk);
    await until("lines to be lost", async () => (await stats()).lost > 0, 60_000);
    await pause(fullMs);
    rmSync(filler);
    const freed = now();
    const at = (await stats()).lost;
    await until("the log to go on", () => lossIn(disk) > 0, 20_000);
    run.atMost("log goes on after", now() - freed, 5000, "ms");
    load.allAnswered("meanwhile", await load.end());
    run.exactly("all processes are the same", pids.filter(isAlive).length, pids.length);
    await pause(500);
    const told = (await stats()).lost;
    run.note("lines lost when there was room again", at);
    const stopped = await elpisJson(run, ["stop", name]);
    run.exactly("elpis stop", stopped.code, 0);
    const { lines, torn } = readSet(join(disk, "logs"), "printer.log");
    const { printed, missing, twice } = account(lines);
    run.note("lines printed", printed);
    run.atLeast("lines missing", missing, 1);
    run.exactly("lines that the files say were lost", lossIn(disk), missing);
    run.exactly("lines that the keeper counted as lost", told, missing);
    run.exactly("lines twice", twice, 0);
    run.exactly("lines torn", torn.length, 0);
    await settle();
  },
);

/** How many lines the files say to have lost. */
function lossIn(disk) {
  const { lines } = readSet(join(disk, "logs"), "printer.log");
  return lines.reduce((all, { text }) => all + Number(LOSS.exec(text)?.[1] ?? 0), 0);
}
