#!/usr/bin/env node
// A worker is killed: its master notices at once, and another one is ready soon.
import { freePort, HostedApplication, web } from "./lib/application.mjs";
import { forkOnce } from "./lib/box.mjs";
import { HttpLoad } from "./lib/load.mjs";
import { now, pause, percentile } from "./lib/numbers.mjs";
import { program } from "./lib/program.mjs";

const RATE = 200;

void program("G1", "a killed worker is noticed at once and soon replaced", async (run) => {
  const kills = run.short ? 5 : 40;
  const port = await freePort();
  const app = await HostedApplication.start(run, {
    name: "g01",
    processes: { web: web(port), other: web(await freePort()) },
  });
  await kill(run, app, "quiet", kills, 20);
  const settle = await app.busy();
  const load = await HttpLoad.begin(run, port, run.rate(RATE));
  await kill(run, app, "loaded", kills, 50, load);
  load.onlyLost("loaded", await load.end());
  await settle();
});

/** Kills one instance after the other, and watches how it is noticed and made good. */
async function kill(run, app, what, kills, noticedMs, load) {
  const seen = { noticed: [], replaced: [], forks: [] };
  for (let n = 0; n < kills; n++) {
    // What a start may take is judged by what a fork takes at the same time.
    seen.forks.push(await forkOnce(run.processes));
    await killOne(app, n % 2, load, seen);
    await pause(run.short ? 50 : 200);
  }
  run.judge(percentile(seen.forks, 0.95));
  // Of a handful the latest says more about the box than about us.
  const share = run.short ? 0.5 : 0.95;
  const name = `p${share * 100} of ${kills}`;
  const [noticed, replaced] = [seen.noticed, seen.replaced].map((all) => percentile(all, share));
  run.atMost(`${what}: death noticed, ${name}`, noticed, noticedMs, "ms");
  run.atMost(`${what}: another one ready, ${name}`, replaced, run.replacedMs, "ms");
  run.note(`${what}: another one ready, latest`, Math.max(...seen.replaced), "ms");
}

async function killOne(app, index, load, { noticed, replaced }) {
  const pid = (await app.pidsOf("web"))[index];
  const from = app.changes.length;
  const at = load === undefined ? killNow(pid) : await load.doom([pid]);
  const isIt = (change) => change.name === "web" && change.index === index;
  const death = await app.change("its death", (one) => isIt(one) && one.state !== "ready", from);
  const ready = await app.change("another", (one) => isIt(one) && one.state === "ready", from);
  noticed.push(death.at - at);
  replaced.push(ready.at - at);
}

function killNow(pid) {
  const at = now();
  process.kill(pid, "SIGKILL");
  return at;
}
