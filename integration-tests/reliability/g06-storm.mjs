#!/usr/bin/env node
// A process that dies again and again: pauses that grow, then an end, told once, and a log that stays readable.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  elpis,
  ForegroundApplication,
  fixture,
  freePort,
  HostedApplication,
  web,
} from "./lib/application.mjs";
import { until } from "./lib/numbers.mjs";
import { program } from "./lib/program.mjs";

/** The default of the product, but for the short form. */
const INTENSITY = 5;
const SHORT_INTENSITY = 3;
const PERIOD_MS = 10_000;
const MIN_DELAY_MS = 100;
const MAX_DELAY_MS = 30_000;
/** How much later than it should a timer may fire. */
const LATE_MS = 50;

void program("G6", "a restart storm ends, and does not drown anybody", async (run) => {
  await run.parts(
    () => storms(run),
    () => group(run),
    () => health(run),
  );
});

async function storms(run) {
  const port = await freePort();
  const intensity = run.short ? SHORT_INTENSITY : INTENSITY;
  // On a slow box so many starts do not fit into the default.
  const period = Math.round(PERIOD_MS * run.stretch);
  const restart = { intensity, period, retryAfter: false };
  const crasher = (name) => crasherOf(run, name);
  const app = await HostedApplication.start(run, {
    name: "g06",
    processes: {
      web: web(port),
      one: { ...crasher("one"), restart },
      // As many as come with a broken release.
      many: { ...crasher("many"), scale: run.short ? 2 : 8, restart },
      patient: { ...crasher("many"), restart: { intensity: 1000, minDelay: 1, maxDelay: 64 } },
    },
  });
  const settle = await app.busy();
  const from = { changes: app.changes.length, log: app.log.length };
  const failed = (name) =>
    app.changes.filter((one) => one.name === name && one.state === "failed").length;
  const storms = { one: 1, many: app.config.processes.many.scale };
  for (const [name, howMany] of Object.entries(storms)) {
    writeFileSync(join(run.home, name), "");
    await until(`all of ${name} to have failed`, () => failed(name) >= howMany, 60_000);
    run.exactly(`${name}: told of the end of each`, failed(name), howMany);
  }
  pauses(run, app.changes.slice(from.changes), intensity);
  const { state } = await app.status();
  run.exactly("application afterwards", state, "degraded");
  log(run, app, from);
  await settle();
}

/** Dies from when on there is a file of that name. */
function crasherOf(run, name) {
  return { entry: fixture("crasher"), env: { BROKEN: join(run.home, name) } };
}

/** Between a death and the next start lies what was promised. */
function pauses(run, changes, intensity) {
  const found = [];
  let begun;
  for (const { name, state, at } of changes) {
    if (name !== "one") continue;
    if (state === "backoff") begun = at;
    else if (state === "starting" && begun !== undefined) found.push(at - begun);
  }
  run.exactly("restarts before it has failed", found.length, intensity);
  const bounds = found.map((_, n) => Math.min(MAX_DELAY_MS, MIN_DELAY_MS * 2 ** n));
  // One that had worked is started again at once the first time.
  const least = (n) => (n === 0 ? 0 : bounds[n] / 2 - 1);
  const isWithin = (ms, n) => ms >= least(n) && ms <= bounds[n] + LATE_MS * run.stretch;
  run.note("pauses, ms", found.map((ms) => ms.toFixed(0)).join(", "));
  run.exactly(
    "pauses outside of their bounds",
    found.filter((ms, n) => !isWithin(ms, n)).length,
    0,
  );
  const isGrowing = found.every((ms, n) => n < 2 || ms > found[n - 2]);
  run.exactly("pauses grow", isGrowing, true);
}

/** What the log says about it. */
function log(run, app, from) {
  const lines = app.log.slice(from.log);
  const changes = app.changes.slice(from.changes);
  const deaths = (name) =>
    changes.filter((one) => one.name === name && ["backoff", "failed"].includes(one.state)).length;
  for (const name of ["one", "many", "patient"]) {
    const about = lines.filter(({ text }) => text.startsWith(`${name}.`)).length;
    run.note(`${name}: deaths`, deaths(name));
    run.atMost(`${name}: lines of the log about them`, about, deaths(name));
  }
  const perSecond = Math.max(
    ...lines.map(({ at }) => lines.filter((one) => one.at >= at && one.at < at + 1000).length),
  );
  run.atMost("lines of the log within a second", perSecond, 10);
}

/** Who shares a fate is started anew with the one that died, and rests when that one has failed; nobody else notices. */
async function group(run) {
  const names = ["first", "outside", "second"];
  const app = await HostedApplication.start(run, {
    name: "g06-group",
    groups: { fate: { processes: ["first", "second"], strategy: "one-for-all" } },
    processes: {
      first: fixture("idle"),
      outside: fixture("idle"),
      second: {
        ...crasherOf(run, "second"),
        restart: { intensity: 2, period: 60_000, retryAfter: false },
      },
    },
  });
  const pids = async () => Promise.all(names.map(async (name) => (await app.pidsOf(name))[0]));
  const before = await pids();
  process.kill(before[2], "SIGKILL");
  const isOther = (now, n) => now[n] !== undefined && now[n] !== before[n];
  const after = await until("the group to be back", async () => {
    const now = await pids();
    const { state } = await app.status();
    return state === "running" && isOther(now, 0) && isOther(now, 2) && now;
  });
  run.exactly("group: started anew with the one that died", isOther(after, 0), true);
  run.exactly("group: nobody else was", after[1], before[1]);
  writeFileSync(join(run.home, "second"), "");
  const failed = () => app.changes.some((one) => one.name === "second" && one.state === "failed");
  await until("it to have failed", failed, 30_000);
  await until("the other to rest", async () => (await pids())[0] === undefined);
  run.exactly("group: the other rests", app.changes.filter(isFirst).at(-1)?.state, "stopped");
  run.exactly("group: nobody else does", (await pids())[1], before[1]);
  await app.actor.call("stop");
}

function isFirst({ name }) {
  return name === "first";
}

/** Whoever asks from outside hears that something is wrong. */
async function health(run) {
  const name = "g06-outside";
  const restart = { intensity: 1, period: 60_000, minDelay: 10, retryAfter: false };
  const app = await ForegroundApplication.start(run, {
    name,
    processes: { idle: fixture("idle"), outside: { ...crasherOf(run, "outside"), restart } },
  });
  const well = await elpis(run, ["health", name]).exited;
  writeFileSync(join(run.home, "outside"), "");
  await until("it to have failed", async () => {
    const { processes } = await app.status();
    return processes.some(({ state }) => state === "failed");
  });
  const ill = elpis(run, ["health", name]);
  const { code } = await ill.exited;
  run.exactly("elpis health, all well", well.code, 0);
  // The code for an application that is not well: any other failure of the command is none of these.
  run.exactly("elpis health, one failed", code, 14);
  app.command.kill("SIGTERM");
  await app.command.exited;
}
