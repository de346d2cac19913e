#!/usr/bin/env node
// A long run under load, with reloads and deaths all the time: nothing grows, and nobody is failed.
import { fixture, freePort, HostedApplication, PATIENT, web } from "./lib/application.mjs";
import { fdsOf, rssOf } from "./lib/kernel.mjs";
import { HttpLoad } from "./lib/load.mjs";
import { counts, MIB, now, pause, percentile, sum, until } from "./lib/numbers.mjs";
import { program } from "./lib/program.mjs";

const MINUTE_MS = 60_000;
const DEFAULT_MINUTES = 30;
/** How much of the peak is asked for. */
const SHARE = 0.7;
/** How much of the run is left out: what is made at its first use has to be there. */
const WARM_UP = 0.2;
/** Of the traffic in the background some is always under way; so much of it is none that is left behind. */
const COMES_AND_GOES = new Set(["calls", "deadlines"]);
const UNDER_WAY = 10;
/** Of everything else; what each reload or death leaves behind is more than that in the end. */
const AT_MOST_MORE = 3;
const SHORT = { totalMs: 8000, reloadMs: 4000, killMs: 1500, sampleMs: 400, peakMs: 500 };
const LONG = { reloadMs: 60_000, killMs: 30_000, sampleMs: 5000, peakMs: 5000 };

const minutes = (flags) => Number(flags.minutes ?? DEFAULT_MINUTES);

void program("ENDURANCE", "nothing grows in a long run, and nobody is failed", endure, {
  options: { minutes: { type: "string" } },
  limitMs: (flags) => (minutes(flags) + 5) * MINUTE_MS,
});

async function endure(run) {
  const plan = run.short ? SHORT : { ...LONG, totalMs: minutes(run.flags) * MINUTE_MS };
  const port = await freePort();
  const app = await HostedApplication.start(
    run,
    {
      name: "endurance",
      agent: { entry: fixture("idle"), restart: PATIENT },
      processes: { web: web(port), other: fixture("idle") },
    },
    { nodeArgs: ["--expose-gc"] },
  );
  const settle = await app.busy();
  const rate = Math.round(SHARE * (await HttpLoad.peak(run, port, plan.peakMs)));
  run.note("load, requests a second", rate);
  const load = await HttpLoad.begin(run, port, rate);
  const samples = [];
  const done = { kills: 0, reloads: 0, unable: {} };
  const end = now() + plan.totalMs;
  await Promise.all([
    every(plan.killMs, end, () => killOne(run, app, load, done)),
    every(plan.reloadMs, end, () => reload(app, done)),
    every(plan.sampleMs, end, async () => samples.push(await sample(app))),
  ]);
  await app.settled();
  run.note("workers killed", done.kills);
  run.note("reloads", done.reloads);
  run.exactly("reloads that failed", counts(done.unable), "none");
  load.onlyLost("load", await load.end());
  growth(run, samples, plan.totalMs);
  await settle();
}

/** Does something again and again; a turn that takes longer than its time makes the next one come later. */
async function every(everyMs, end, action) {
  for (let at = now() + everyMs; at < end; at = Math.max(at + everyMs, now())) {
    await pause(at - now());
    await action();
  }
}

async function killOne(run, app, load, done) {
  const { processes } = await app.status();
  const there = processes.filter(({ name, state }) => name === "web" && state === "ready");
  if (there.length === 0) return;
  const { pid } = run.random.pick(there);
  await load.doom([pid]);
  done.kills++;
}

/** One that is cut short because a worker was killed while it got ready has failed rightly: it says which. */
async function reload(app, done) {
  try {
    await app.actor.call("reload", {}, MINUTE_MS);
    done.reloads++;
  } catch (error) {
    if (error.code !== "ELPIS_PROCESS_NOT_READY") {
      const what = error.code ?? error.message;
      done.unable[what] = (done.unable[what] ?? 0) + 1;
    }
  }
}

/** How large the master is, when nothing is under way. */
async function sample(app) {
  const isQuiet = async () => {
    const { state, operation } = await app.status();
    return state === "running" && operation === undefined;
  };
  await until("a quiet moment", isQuiet, 60_000);
  const { peers, tables } = await app.actor.call("stats");
  // The first collection lets go of what the second can then collect.
  await app.actor.call("heap");
  const heap = await app.actor.call("heap");
  const sizes = { heap, rss: rssOf(app.pid), fds: fdsOf(app.pid), peers: peers.length };
  const ofPeers = sum(peers.map(({ topics, routes }) => topics + routes));
  return { at: now(), ...sizes, "topics and routes": ofPeers, ...tables };
}

/** What each of the sizes has done since the warm-up. */
function growth(run, all, totalMs) {
  const samples = all.slice(Math.floor(all.length * WARM_UP));
  run.atLeast("samples after the warm-up", samples.length, 3);
  const allowed = Math.max(run.short ? 8 : 2, totalMs / (10 * MINUTE_MS));
  const grown = (name) => (slope(samples, name) * totalMs) / MIB;
  run.atMost("master: heap after collection, growth by its slope", grown("heap"), allowed, "MiB");
  run.note("master: resident memory, growth by its slope", grown("rss"), "MiB");
  const { at: _, heap: __, rss: ___, ...tables } = samples[0];
  for (const name of Object.keys(tables)) {
    const values = samples.map((one) => one[name]);
    const third = Math.ceil(values.length / 3);
    // A worker may have been killed between two of our questions: the middle one of several values is not that one.
    const middle = (some) => percentile(some, 0.5);
    const more = middle(values.slice(-third)) - middle(values.slice(0, third));
    const slack = COMES_AND_GOES.has(name) ? UNDER_WAY : AT_MOST_MORE;
    run.atMost(`master: ${name}, more at the end than at the beginning`, more, slack);
  }
}

/** How much a size grows in a millisecond, by least squares. */
function slope(samples, name) {
  const mean = (pick) => sum(samples.map(pick)) / samples.length;
  const at = mean((one) => one.at);
  const size = mean((one) => one[name]);
  const over = sum(samples.map((one) => (one.at - at) * (one[name] - size)));
  const under = sum(samples.map((one) => (one.at - at) ** 2));
  return under === 0 ? 0 : over / under;
}
