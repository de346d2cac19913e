#!/usr/bin/env node
// Backends of reporters refuse, hang, break off, are slow: nobody else notices, and nothing is lost that is not counted.
import { fileURLToPath } from "node:url";
import { elpisJson, fixture, freePort, web, writeConfig } from "./lib/application.mjs";
import { fdsOf, rssOf } from "./lib/kernel.mjs";
import { HttpLoad } from "./lib/load.mjs";
import { MIB, now, pause, until, within } from "./lib/numbers.mjs";
import { program } from "./lib/program.mjs";

const INTERVAL_MS = 1000;
const TIMEOUT_MS = 2000;
const QUEUE = 100;
const EVERY_MS = 20;
const RATE = 100;
/** Those that get well again, and those that never were. */
const CURABLE = ["refuses", "hangs", "500", "429", "large", "half-closed", "slow"];
const HOPELESS = ["tls", "dns"];
const SICK = [...CURABLE, ...HOPELESS];
const METRICS = fileURLToPath(import.meta.resolve("@elpis/metrics"));

void program("REPORTERS", "a backend that is sick costs nobody else anything", async (run) => {
  const port = await freePort();
  const backends = run.start("sick-backend");
  const ports = await backends.call("open", ["well", ...CURABLE, "tls"]);
  const name = "reporters";
  const config = { name, processes: { web: web(port), teller: { entry: fixture("teller") } } };
  const dir = writeConfig(run, config, configText(config, ports));
  const { code, answer } = await elpisJson(run, ["start", dir]);
  run.exactly("elpis start", code, 0);
  const agent = answer.app.processes.find((one) => one.name === "agent").pid;
  const client = await run.visitor(name);
  const statuses = async () => {
    const all = await client.request("elpis.reporters.list", {}, { timeoutMs: 5000 });
    return new Map(all.map((one) => [one.name, one]));
  };
  await until("all reporters to be open", async () => {
    const all = [...(await statuses()).values()];
    return all.length === SICK.length + 1 && all.every(({ state }) => state !== "opening");
  });
  await client.request("tell.begin", EVERY_MS, { to: { name: "teller" } });
  const phaseMs = run.short ? 6000 : 60_000;

  const quiet = await loaded(run, port, phaseMs);
  const before = { fds: fdsOf(agent), rss: rssOf(agent) };
  const illAt = await backends.call("set", true);
  let queued = 0;
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      for (const kind of SICK) queued = Math.max(queued, (await statuses()).get(kind).queued.items);
      await pause(200);
    }
  })();
  const sick = await loaded(run, port, phaseMs);
  isOver = true;
  await watching;
  const wellAt = await backends.call("set", false);
  const cured = {};
  await until(
    "all that can be to be well again",
    async () => {
      const { batches, ...report } = await backends.call("report");
      for (const kind of CURABLE) {
        const first = report[kind].batches.find((at) => at > wellAt);
        if (first !== undefined) cured[kind] ??= first - wellAt;
      }
      return Object.keys(cured).length === CURABLE.length;
    },
    30_000,
  );
  const told = await client.request("tell.end", {}, { to: { name: "teller" } });
  const all = await until(
    "queues to be empty",
    async () => {
      const found = await statuses();
      const isEmpty = ["well", ...CURABLE].every((kind) => found.get(kind).queued.items === 0);
      return isEmpty && found;
    },
    20_000,
  );
  const taken = await backends.call("report");

  if (!run.short)
    run.atMost("requests of the application, p99 over quiet", sick.p99 / quiet.p99, 1.2);
  run.note("requests of the application, quiet, p99", quiet.p99, "ms");
  run.note("requests of the application beside sick reporters, p99", sick.p99, "ms");
  run.exactly("requests failed", quiet.other.length + sick.other.length, 0);
  const arrivals = taken.well.batches.filter((at) => at > illAt && at < wellAt);
  const marks = [illAt, ...arrivals, wellAt];
  const gaps = marks.slice(1).map((at, n) => at - marks[n]);
  run.atMost(
    "a well one beside them: longest time without a batch",
    Math.max(...gaps),
    2 * INTERVAL_MS,
    "ms",
  );
  run.atMost("items that waited, most", queued, QUEUE + 50 + INTERVAL_MS / EVERY_MS + 10);
  for (const kind of CURABLE) {
    const stuckMs = ["hangs", "slow"].includes(kind) ? TIMEOUT_MS : 0;
    run.atMost(`${kind}: well again after`, cured[kind], 2 * INTERVAL_MS + stuckMs, "ms");
  }
  for (const [kind, one] of all) {
    const { sent, rejected, dropped, queued: waiting } = one;
    const counted = sent + rejected + dropped + waiting.items;
    const isMetrics = kind === "well";
    if (!isMetrics) run.exactly(`${kind}: events that are accounted for`, counted, told);
    if (CURABLE.includes(kind)) {
      run.exactly(`${kind}: events that its backend has`, taken[kind].events, sent);
      run.exactly(`${kind}: events that its backend has twice`, taken[kind].twice, 0);
    }
  }
  run.exactly("well: events that its backend has", taken.well.events, told);
  run.note("events told to each", told);
  run.note("dropped", [...all].map(([kind, { dropped }]) => `${kind} ${dropped}`).join(", "));
  // Connections that are kept alive come and go.
  const growth = () => fdsOf(agent) - before.fds;
  await within(
    until("descriptors", () => growth() <= 5, 15_000),
    15_000,
  ).catch(() => {});
  run.atMost("descriptors of the agent, growth", growth(), 5);
  run.atMost(
    "memory of the agent, growth",
    (rssOf(agent) - before.rss) / MIB,
    run.short ? 60 : 30,
    "MiB",
  );
  const stopAt = now();
  const stopped = await elpisJson(run, ["stop", name]);
  run.exactly("elpis stop", stopped.code, 0);
  run.note("elpis stop took", now() - stopAt, "ms");
});

/** A while of requests. */
async function loaded(run, port, forMs) {
  const load = await HttpLoad.begin(run, port, run.rate(RATE));
  await pause(forMs);
  return load.end();
}

function configText(config, ports) {
  const use = (kind) => {
    const signals = kind === "well" ? ["metrics", "events"] : ["events"];
    const url =
      kind === "dns"
        ? "http://nowhere.invalid/"
        : `${kind === "tls" ? "https" : "http"}://127.0.0.1:${ports[kind]}/`;
    const queue = kind === "well" ? {} : { queue: { items: QUEUE } };
    const options = { name: kind, url, signals, timeout: TIMEOUT_MS, ...queue };
    return `reporting(${JSON.stringify(options)})`;
  };
  const plugins = `[metrics({ intervalMs: ${INTERVAL_MS} }), ${["well", ...SICK].map(use).join(", ")}]`;
  return `await (async () => {
  const { metrics } = await import(${JSON.stringify(METRICS)});
  const { reporting } = await import(${JSON.stringify(fixture("reporting"))});
  return { ...${JSON.stringify(config)}, plugins: ${plugins} };
})()`;
}
