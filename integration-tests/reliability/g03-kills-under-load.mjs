#!/usr/bin/env node
// Workers are killed under load: nothing is lost but what was in their hands, and nobody is refused or left hanging.
import { freePort, HostedApplication, web } from "./lib/application.mjs";
import { ask, HttpLoad } from "./lib/load.mjs";
import { count, counts, pause } from "./lib/numbers.mjs";
import { program } from "./lib/program.mjs";

const WORKERS = 2;
/** How long after all workers have died the new ones take to listen. */
const OUTAGE_MS = 2500;

void program("G3", "killed workers cost what they had in their hands, and no more", async (run) => {
  await run.parts(
    () => kills(run, "kernel"),
    () => kills(run, "round-robin"),
    () => outage(run),
  );
});

/** Workers are killed one after the other, and now and then all of them, however connections are shared. */
async function kills(run, balance) {
  const times = run.short ? 4 : 100;
  const rate = run.rate(run.short ? 100 : 800);
  const port = await freePort();
  const app = await HostedApplication.start(run, {
    name: `g03-${balance}`,
    processes: { web: web(port, { scale: WORKERS, balance }) },
  });
  // In the short form both run at once, and one load is enough.
  const settle = run.short && balance !== "kernel" ? async () => {} : await app.busy();
  const load = await HttpLoad.begin(run, port, rate);
  for (let n = 0; n < times; n++) {
    await killSome(app, load, [n % WORKERS]);
    await pause(50 + run.random.int(100));
  }
  for (let n = 0; n < Math.ceil(times / 20); n++) await killSome(app, load, [0, 1]);
  load.onlyLost(`${balance}, ${times} kills at ${rate}/s`, await load.end());
  await settle();
  await app.actor.call("stop");
}

/** Kills those instances together, and waits until they are there again. */
async function killSome(app, load, indexes) {
  const pids = await app.pidsOf("web");
  const from = app.changes.length;
  await load.doom(indexes.map((index) => pids[index]));
  for (const index of indexes) {
    const isBack = (one) => one.name === "web" && one.index === index && one.state === "ready";
    await app.change(`web.${index} to be back`, isBack, from);
  }
}

/** All are down for longer than a start takes: who comes meanwhile waits, and is answered. */
async function outage(run) {
  const port = await freePort();
  const late = web(port, { env: { START_MS: String(run.short ? 500 : OUTAGE_MS) } });
  const app = await HostedApplication.start(run, { name: "g03-outage", processes: { late } });
  const from = app.changes.length;
  const isLate = (state) => (one) => one.name === "late" && one.state === state;
  for (const pid of await app.pidsOf("late")) process.kill(pid, "SIGKILL");
  await app.change("the first death", isLate("backoff"), from);
  const asked = [];
  const isBack = () => app.changes.slice(from).some(isLate("ready"));
  while (!isBack()) {
    asked.push(ask(port));
    await pause(20);
  }
  const outcomes = {};
  for (const { outcome } of await Promise.all(asked)) count(outcomes, outcome);
  const { ok, ...failed } = outcomes;
  run.note("all down: connections made meanwhile", asked.length);
  run.exactly("all down: not answered in the end", counts(failed), "none");
  await app.actor.call("stop");
}
