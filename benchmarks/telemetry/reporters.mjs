// What eight reporters at once cost the process that runs them. Prints JSON; wants --expose-gc.
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { file } from "@elpis/reporter-file";
import { newRelic } from "@elpis/reporter-newrelic";
import { openFalcon } from "@elpis/reporter-open-falcon";
import { otlp } from "@elpis/reporter-otlp";
import { prometheusRemoteWrite, pushgateway } from "@elpis/reporter-prometheus";
import { statsd } from "@elpis/reporter-statsd";
import { createAggregator, createReporterHost } from "@elpis/telemetry";

/** How often reports of processes come, and how often reporters are handed something. */
const INTERVAL_MS = 5000;
const EVERY_MS = Number(process.argv[2] ?? 60_000);
const ROUNDS = Number(process.argv[3] ?? 20);
const WARM_UP = 10;
/** Reporters have their turns at different times. */
const STEPS = 20;
const MIB = 1024 * 1024;

/** A clock that moves when it is told to: an hour of reports takes seconds. */
class Clock {
  #now = 0;
  #begun = Math.floor(Date.now() / 86_400_000 - 3) * 86_400_000;
  #tasks = new Set();
  now = () => this.#now;
  // In the past: some reporters do not believe in the future.
  wallTime = () => this.#begun + this.#now;
  after = (ms, run) => {
    const task = { at: this.#now + ms, run };
    this.#tasks.add(task);
    return () => this.#tasks.delete(task);
  };
  advance(ms) {
    this.#now += ms;
    for (const task of [...this.#tasks]) {
      if (task.at > this.#now) continue;
      this.#tasks.delete(task);
      task.run();
    }
  }
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const SILENT = {
  debug() {},
  info() {},
  warn: console.error,
  error: console.error,
  child: () => SILENT,
};
const dir = mkdtempSync(join(tmpdir(), "elpis-bench-"));
const sink = fork(fileURLToPath(new URL("./sink.mjs", import.meta.url)));
const [ports] = await once(sink, "message");
const url = `http://127.0.0.1:${ports.http}`;

const USES = [
  [otlp, { endpoint: url }],
  [newRelic, { apiKey: "k", accountId: 1, metricUrl: url, traceUrl: url, eventUrl: url }],
  [openFalcon, { endpoint: "here", agent: url, stepSeconds: EVERY_MS / 1000, minStepSeconds: 1 }],
  [prometheusRemoteWrite, { url }],
  [pushgateway, { url }],
  [statsd, { host: "127.0.0.1", port: ports.udp, dialect: "dogstatsd" }],
  [file, { path: join(dir, "all.jsonl"), size: "10mb", keep: 1 }],
  [statsd, { host: "127.0.0.1", port: ports.udp, dialect: "statsd" }],
];

/** Evenly, so that each run is like the other. */
function spread() {
  let n = 0;
  return () => ++n / USES.length;
}

const clock = new Clock();
const aggregator = createAggregator({ now: clock.now, wallTime: clock.wallTime });
const host = createReporterHost({
  createReader: (options) => aggregator.createReader(options),
  phase: spread(),
  ...{ log: SILENT, clock, resource: { "service.name": "bench" } },
});

const cpuMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const rss = () => {
  globalThis.gc?.();
  return process.memoryUsage.rss();
};

/** An interval of reporters; what processes report meanwhile is no part of what is counted. */
async function round() {
  let used = 0;
  for (let ms = 0; ms < EVERY_MS; ms += INTERVAL_MS) {
    sink.send("next");
    const [reports] = await once(sink, "message");
    for (const { source, delta } of reports) aggregator.take(source, delta);
    const before = cpuMs();
    for (let at = 0; at < STEPS; at++) {
      clock.advance(INTERVAL_MS / STEPS);
      await pause(2);
    }
    used += cpuMs() - before;
  }
  while (host.status().some(({ queued }) => queued.items > 0)) {
    clock.advance(10);
    await pause(20);
  }
  return used;
}

for (let at = 0; at < WARM_UP; at++) await round();
const without = rss();
for (const [at, [factory, own]] of USES.entries()) {
  const { definition } = factory;
  host.add({
    name: `${definition.name}-${at}`,
    kind: definition.name,
    open: definition.open,
    own,
    use: { every: EVERY_MS },
  });
}
while (host.status().some(({ state }) => state === "opening")) await pause(5);
for (let at = 0; at < WARM_UP; at++) await round();
const sent = () => host.status().reduce((sum, one) => sum + one.sent, 0);
const [sentBefore, times] = [sent(), []];
for (let at = 0; at < ROUNDS; at++) times.push(await round());
const items = (sent() - sentBefore) / ROUNDS;
const lost = host.status().reduce((sum, one) => sum + one.dropped + one.rejected, 0);
const median = times.sort((a, b) => a - b)[times.length >> 1];
const grown = (rss() - without) / MIB;
if (process.env.SHOW)
  console.log(
    process.memoryUsage(),
    host.status().map(({ name, lastError }) => [name, lastError?.message]),
  );
console.log(
  JSON.stringify({
    reporters: USES.length,
    everyMs: EVERY_MS,
    itemsEachInterval: items,
    itemsLost: lost,
    cpuMsEachInterval: median,
    agentCorePercent: (100 * median) / EVERY_MS,
    rssGrowthMiB: grown,
  }),
);
sink.disconnect();
rmSync(dir, { recursive: true });
process.exit(0);
