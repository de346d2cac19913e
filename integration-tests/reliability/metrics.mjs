#!/usr/bin/env node
// A real Prometheus scrapes an application whose workers are killed: no scrape fails, no sum falls, rates are right.
import { freePort, HostedApplication, web, writeConfig } from "./lib/application.mjs";
import { HttpLoad } from "./lib/load.mjs";
import { now, pause, until } from "./lib/numbers.mjs";
import { program } from "./lib/program.mjs";
import { hasPrometheus, Prometheus } from "./lib/prometheus.mjs";

const RATE = 100;
const INTERVAL_MS = 1000;
/** How long a rate is looked at, and how often a worker is killed, in milliseconds. */
const SPAN_MS = 10_000;
const TOTAL = 'http_server_responses_total{process="web",class="2xx"}';
const SUMS = '{__name__=~".+_(total|count|sum|bucket)",__name__!~"system_.+"}';
/** `resets` forgets which sum it was. */
const RESETS = `resets(label_replace(${SUMS}, "sum", "$1", "__name__", "(.+)")[10m:1s])`;
const BOUNDS = [5, 10, 25, 50, 100, 250, 500, 1000, 2500];

const distOf = (name) => new URL(`../../plugins/${name}/dist/index.js`, import.meta.url).href;

void program("METRICS", "a Prometheus sees no gap and no reset, whoever is killed", async (run) => {
  const what = "what a Prometheus scrapes";
  if (!hasPrometheus()) return run.skip(what, "prometheus is not installed");
  const lastsMs = run.short ? 20_000 : 120_000;
  const port = await freePort();
  const admin = await freePort();
  const app = await start(run, port, admin);
  const load = await HttpLoad.begin(run, port, run.rate(RATE));
  const prometheus = await Prometheus.start(run, admin);
  // A rate is known from the second sample on.
  await until("a rate", () => prometheus.value(`rate(${TOTAL}[${SPAN_MS}ms])`), 30_000);
  await pause(SPAN_MS);
  await load.report();
  const began = now();
  const deviations = [];
  const answers = [];
  let kills = 0;
  for (let at = began; now() < began + lastsMs; at = now()) {
    const pids = await app.pidsOf("web");
    await load.doom([pids[kills++ % pids.length]]);
    await pause(SPAN_MS - (now() - at));
    const took = now() - at;
    const seen = await prometheus.value(`rate(${TOTAL}[${Math.round(took)}ms])`);
    const report = await load.report();
    answers.push(report);
    deviations.push(Math.abs((seen * took) / 1000 / report.ok - 1));
  }
  const name = "http_server_request_duration_seconds_bucket";
  const span = `${Math.round(now() - began)}ms`;
  const quantile = (share) =>
    prometheus.value(
      `1000 * histogram_quantile(${share}, sum by (le) (rate(${name}{process="web"}[${span}])))`,
    );
  const asked = answers.map(({ p50 }) => p50).sort((a, b) => a - b);
  const bound = BOUNDS.find((one) => one >= asked.at(-1)) ?? BOUNDS.at(-1);
  const sums = await prometheus.query(RESETS);
  const fallen = sums.filter(({ value }) => value > 0);
  const scrapes = await prometheus.value("count_over_time(up[10m])");
  run.note("workers killed", kills);
  run.atLeast("scrapes", scrapes, lastsMs / 1000);
  run.exactly(
    "scrapes that failed",
    scrapes - (await prometheus.value("sum_over_time(up[10m])")),
    0,
  );
  run.atMost("scrape, p99", 1000 * (await scrapeSeconds(prometheus)), 500, "ms");
  run.note("samples of a scrape", await prometheus.value("scrape_samples_scraped"));
  run.note("sums that were watched", sums.length);
  run.exactly(
    "sums that fell",
    fallen.map(({ labels }) => labels.sum).join(", ") || "none",
    "none",
  );
  run.atMost("rate over 10 s with a death, worst, off by %", 100 * Math.max(...deviations), 10);
  run.atLeast("p50 by its buckets, ms", await quantile(0.5), BOUNDS[0] / 2);
  run.atMost("p50 by its buckets, at most the bucket of the client's", await quantile(0.5), bound);
  run.note("p99 by its buckets", await quantile(0.99), "ms");
  await load.end();
  await app.actor.call("stop");
});

function start(run, port, admin) {
  const name = "scraped";
  const config = JSON.stringify({ name, processes: { web: web(port) } });
  const plugins = [
    `(await import(${JSON.stringify(distOf("metrics"))})).metrics({ intervalMs: ${INTERVAL_MS} })`,
    `(await import(${JSON.stringify(distOf("admin"))})).admin({ port: ${admin} })`,
  ];
  const path = writeConfig(run, { name }, `{ ...${config}, plugins: [${plugins}] }`);
  return HostedApplication.start(run, { name, path });
}

function scrapeSeconds(prometheus) {
  return prometheus.value("quantile_over_time(0.99, scrape_duration_seconds[10m])");
}
