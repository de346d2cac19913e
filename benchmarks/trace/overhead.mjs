// What it costs a shop to be traced: how many requests it answers without the plugin, with it, and with the SDK of
// OpenTelemetry by itself, in turn. Prints JSON. Arguments: how often each is started and measured, which shops.
import { fork } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { loadavg } from "node:os";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { median } from "../lib/stats.mjs";
import { closedLoad } from "../process/lib/clients.mjs";
import { freePort, startFamily } from "./family.mjs";
import { startDatabases } from "./servers.mjs";

const ROUNDS = Number(process.argv[2] ?? 5);
const SHOPS = (process.argv[3] ?? "databases,plain").split(",");
/** Of each measurement. */
const MS = 5000;
/** Before it, so that all is compiled, also what runs for one request in a hundred. */
const WARM_MS = 12_000;
const file = (path) => fileURLToPath(new URL(path, import.meta.url));
const TRACE = pathToFileURL(file("../../plugins/trace/dist/index.js")).href;
const BARE = new URL("./bare-sdk.mjs", import.meta.url).href;
const CONTEXTS = new URL("./contexts-alone.mjs", import.meta.url).href;
/** Has to be there before the SDK is: what loads TypeScript where Node does not, and cannot be wrapped by its hook. */
const JITI = createRequire(file("../../plugins/process/package.json")).resolve("jiti/package.json");
const TYPESCRIPT = process.features.typescript
  ? []
  : ["--import", new URL("./lib/jiti-register.mjs", pathToFileURL(JITI)).href];
const SDK = [...TYPESCRIPT, "--import", BARE];
const traceIsThere = "trace" in (await import(TRACE));

const traced = (sampling) => ({
  imports: `import { trace } from ${JSON.stringify(TRACE)};`,
  list: `trace(${JSON.stringify({ sampling })})`,
});
/** All that is sampled is recorded, however many requests there are. */
const perSecond = 1_000_000;

const ABSENT = "absent";
/** The same once more: what it differs by is noise. */
const AGAIN = "absent, again";

/** How each is started. */
const variants = (otlp) => ({
  [ABSENT]: {},
  "contexts alone": { nodeArgs: ["--import", CONTEXTS] },
  ...(traceIsThere && {
    "trace, 100 %": { plugins: traced({ ratio: 1, perSecond }) },
    "trace, as it comes": { plugins: traced({}) },
    "trace, 1 %": { plugins: traced({ ratio: 0.01, perSecond }) },
  }),
  "bare SDK, to nowhere": { nodeArgs: SDK },
  "bare SDK, to a collector": { nodeArgs: SDK, env: { BENCH_OTLP: otlp } },
  [AGAIN]: {},
});

/**
 * One process answers: of several, now one has nearly all connections and now each has its part, by which of them accepts first, and
 * that decides more over a figure than what is to be measured.
 */
const CONFIGS = {
  databases: (port, { mysql, redis }) => {
    const dir = file("../../integration-tests/trace/fixtures/shop/esm");
    const env = { PORT: String(port), MYSQL_PORT: String(mysql), REDIS_PORT: String(redis) };
    return {
      path: "/fresh/tea",
      end: '"price":3.2}',
      agent: { entry: `${dir}/agent.mjs`, env },
      processes: {
        stock: { entry: `${dir}/stock.mjs`, ready: "message", env },
        web: { entry: `${dir}/web.mjs`, ready: "listen", dependsOn: ["stock"], env },
      },
    };
  },
  plain: (port) => {
    const dir = file("../../examples/shop");
    const env = { PORT: String(port) };
    return {
      path: "/price/tea",
      end: "0\r\n\r\n",
      agent: { entry: `${dir}/agent.ts`, env },
      processes: {
        web: { entry: `${dir}/web.ts`, ready: "listen", env },
        background: { entry: `${dir}/background.ts`, dependsOn: ["web"], env },
      },
    };
  },
};

/**
 * Starts a shop in one way, measures it and stops it. Nothing else runs meanwhile, and it never waits: what a process does after a rest
 * is not what it does under load.
 */
async function measure(shop, ports, { plugins, nodeArgs = [], env = {} }) {
  const port = await freePort();
  const { path, end, agent, processes } = CONFIGS[shop](port, ports);
  const started = (one) => ({ ...one, nodeArgs, env: { ...one.env, ...env } });
  const config = {
    name: "shop",
    agent: started(agent),
    processes: Object.fromEntries(
      Object.entries(processes).map(([name, one]) => [name, started(one)]),
    ),
  };
  const family = await startFamily(config, plugins);
  try {
    const load = { port, connections: 16, keepAlive: true, path, end, warmMs: WARM_MS, ms: MS };
    const client = closedLoad(load);
    await setTimeout(WARM_MS);
    const before = family.cpuMs();
    const { rate, failed, total } = await client;
    if (failed > 0 || total === 0) throw new Error(`${failed} failed, ${total} were answered`);
    return { rate, cpuUs: (1000 * (family.cpuMs() - before)) / (rate * (MS / 1000)) };
  } finally {
    await family.stop();
  }
}

const spread = (values) => ({
  ratio: median(values),
  lowest: Math.min(...values),
  highest: Math.max(...values),
});

/** All variants once: what each was beside those without the plugin. */
async function compareOnce(shop, ports, otlp, isBackwards) {
  const entries = Object.entries(variants(otlp));
  const measured = {};
  for (const [name, how] of isBackwards ? entries.reverse() : entries) {
    measured[name] = await measure(shop, ports, how);
  }
  const { [ABSENT]: one, [AGAIN]: other } = measured;
  const absent = { rate: (one.rate + other.rate) / 2, cpuUs: (one.cpuUs + other.cpuUs) / 2 };
  const beside = Object.entries(measured).map(([name, { rate, cpuUs }]) => {
    const base = name === AGAIN ? one : absent;
    return [name, { requests: rate / base.rate, processorTime: cpuUs / base.cpuUs }];
  });
  return { absent, beside: Object.fromEntries(beside.filter(([name]) => name !== ABSENT)) };
}

/** What is compiled when differs from start to start, and others on the machine come and go: so each is started several times. */
async function compare(shop, ports, otlp) {
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) {
    rounds.push(await compareOnce(shop, ports, otlp, round % 2 === 1));
  }
  const over = (name, key) => spread(rounds.map(({ beside }) => beside[name][key]));
  return {
    requestsEachSecond: median(rounds.map(({ absent }) => absent.rate)),
    processorMicrosecondsEachRequest: median(rounds.map(({ absent }) => absent.cpuUs)),
    beside: Object.fromEntries(
      Object.keys(rounds[0].beside).map((name) => [
        name,
        { requests: over(name, "requests"), processorTime: over(name, "processorTime") },
      ]),
    ),
  };
}

const sink = fork(file("../telemetry/sink.mjs"));
const [{ http }] = await once(sink, "message");
const otlp = `http://127.0.0.1:${http}/v1/traces`;
const results = {};
try {
  for (const shop of SHOPS) {
    const databases = shop === "databases" ? await startDatabases() : undefined;
    try {
      results[shop] = await compare(shop, databases?.ports, otlp);
    } finally {
      await databases?.stop();
    }
  }
} finally {
  sink.disconnect();
}
const about = {
  node: process.version,
  traceIsThere,
  rounds: ROUNDS,
  load: loadavg(),
};
console.log(JSON.stringify({ ...about, ...results }, null, 1));
