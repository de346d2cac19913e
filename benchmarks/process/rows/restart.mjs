// The only worker is killed: how long until another one answers?
import { ask, firstAnswer } from "../lib/ask.mjs";
import { rotated } from "../lib/bench.mjs";
import { killNow } from "../lib/cleanup.mjs";
import { atMost, figures, line, medians, p95 } from "../lib/lines.mjs";
import { sleep } from "../lib/wait.mjs";

const NAMES = ["elpis", "pm2", "cluster"];
/** So that every kill is the first one for whoever counts them. */
const STABLE_MS = 1000;
const RESTART = { intensity: 1000, stableAfter: STABLE_MS };
const GIVE_UP_MS = 15_000;

async function run(bench) {
  const kills = bench.isShort ? 2 : 20;
  const apps = {};
  await bench.each(NAMES, async (name) => {
    apps[name] = await bench.start(name, { restart: RESTART });
  });
  const samples = { answers: {}, begins: {} };
  await bench.repeat(kills, async (i) => {
    await bench.each(rotated(NAMES, i), async (name) => {
      // All of them have been up since their last turn.
      await sleep(STABLE_MS / 2);
      for (const [field, ms] of Object.entries(await killed(apps[name]))) {
        samples[field][name] ??= [];
        samples[field][name].push(ms);
      }
    });
    await sleep(STABLE_MS);
  });

  return {
    lines: [
      line(
        "worker killed: the next answers after, ms, p50",
        medians(samples.answers),
        atMost("pm2", "pm2"),
      ),
      line(
        "worker killed: the next answers after, ms, p95",
        figures(samples.answers, p95),
        atMost("pm2", "pm2"),
      ),
      line("worker killed: the next one begins after, ms, p50", medians(samples.begins)),
    ],
    samples,
  };
}

async function killed(app) {
  const pid = await ask(app.port);
  const began = performance.now();
  const beganAt = Date.now();
  killNow(Number(pid));
  const found = await firstAnswer(app.port, {
    accept: (text) => text !== pid,
    timeoutMs: GIVE_UP_MS,
  });
  if (found === undefined) throw new Error(`no answer within ${GIVE_UP_MS} ms of the kill`);
  // A process says itself when it began, as time of day.
  const { origin } = JSON.parse(await ask(app.port, "/times"));
  return { answers: found.at - began, begins: origin - beganAt };
}

export default { id: "restart", run };
