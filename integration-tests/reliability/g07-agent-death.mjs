#!/usr/bin/env node
// The agent is killed: nobody who is served notices, and it is soon back.
import {
  fixture,
  freePort,
  HostedApplication,
  PATIENT,
  web,
  writeConfig,
} from "./lib/application.mjs";
import { forkOnce } from "./lib/box.mjs";
import { HttpLoad } from "./lib/load.mjs";
import { now, pause, percentile, until } from "./lib/numbers.mjs";
import { program } from "./lib/program.mjs";

const RATE = 200;
/** How often processes report to the agent, where that is looked at. */
const INTERVAL_MS = 1000;
const METRICS = new URL("../../plugins/metrics/dist/index.js", import.meta.url).href;

void program("G7", "the agent's death hurts nobody", async (run) => {
  await served(run);
  await measured(run);
});

/** Who is served meanwhile, and how soon the agent is back. */
async function served(run) {
  const kills = run.short ? 4 : 40;
  const port = await freePort();
  const app = await HostedApplication.start(run, {
    name: "g07",
    agent: { entry: fixture("idle"), restart: PATIENT },
    processes: { web: web(port) },
  });
  const settle = await app.busy();
  const load = await HttpLoad.begin(run, port, run.rate(RATE));
  const back = [];
  const forks = [];
  for (let n = 0; n < kills; n++) {
    forks.push(await forkOnce(run.processes));
    const [pid] = await app.pidsOf("agent");
    const from = app.changes.length;
    const at = now();
    process.kill(pid, "SIGKILL");
    const isBack = ({ role, state }) => role === "agent" && state === "ready";
    back.push((await app.change("the agent to be back", isBack, from)).at - at);
    await pause(run.short ? 50 : 200);
  }
  run.judge(percentile(forks, 0.95));
  const share = run.short ? 0.5 : 0.95;
  const name = `p${share * 100} of ${kills}`;
  run.atMost(`agent back, ${name}`, percentile(back, share), run.replacedMs, "ms");
  load.allAnswered("meanwhile", await load.end());
  await settle();
  await app.actor.call("stop");
}

/** What was counted is there: no sum falls, and no more than one report is late. */
async function measured(run) {
  const kills = run.short ? 1 : 10;
  const port = await freePort();
  const name = "g07-metrics";
  const config = { name, agent: { entry: fixture("idle"), restart: PATIENT } };
  const text = JSON.stringify({ ...config, processes: { web: web(port) } });
  const plugins = `[(await import(${JSON.stringify(METRICS)})).metrics({ intervalMs: ${INTERVAL_MS} })]`;
  const path = writeConfig(run, config, `{ ...${text}, plugins: ${plugins} }`);
  const app = await HostedApplication.start(run, { name, path });
  const load = await HttpLoad.begin(run, port, run.rate(RATE));
  const sums = await watchSum(run, app);
  await sums.grown();
  const gaps = [];
  for (let n = 0; n < kills; n++) {
    await pause(run.random.int(INTERVAL_MS));
    const [pid] = await app.pidsOf("agent");
    const before = sums.grownAt;
    process.kill(pid, "SIGKILL");
    // One that was on its way may still be read; what counts is the time between two that are seen.
    await sums.grown();
    gaps.push(sums.grownAt - before);
    await sums.grown();
  }
  const report = await load.end();
  load.allAnswered("measured", report);
  const isWhole = () => sums.sum === report.sent;
  await until("all requests to be counted", isWhole, 20_000).catch(() => {});
  await sums.end();
  run.exactly("measured: requests at the reader", sums.sum, report.sent);
  run.exactly("measured: sums that fell", sums.fallen, 0);
  const allowed = 2 * INTERVAL_MS + run.replacedMs;
  run.atMost("measured: between two reports, at most", Math.max(...gaps), allowed, "ms");
  await app.actor.call("stop");
}

/** Reads again and again how many requests all web processes have served. */
async function watchSum(run, app) {
  const client = await run.connect(app, "reader");
  const query = { filter: { names: ["http.server.request.duration"], processes: ["web"] } };
  const seen = { sum: 0, fallen: 0, grownAt: now() };
  let isOver = false;
  const reading = (async () => {
    while (!isOver) {
      const answer = await client
        .request("elpis.metrics.points", query, { timeoutMs: 500 })
        .catch(() => undefined);
      // Between two agents nobody answers, and a new one tells nothing of a name before all of its processes have reported.
      const points = answer?.points ?? [];
      const sum = points.reduce((all, { count }) => all + count, 0);
      if (points.length > 0 && sum < seen.sum) seen.fallen += 1;
      if (sum > seen.sum) Object.assign(seen, { sum, grownAt: now() });
      await pause(20);
    }
  })();
  return Object.assign(seen, {
    async grown() {
      const { sum } = seen;
      await until("the sum to grow", () => seen.sum > sum, 30_000);
    },
    async end() {
      isOver = true;
      await reading;
    },
  });
}
