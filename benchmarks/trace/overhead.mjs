// What it costs a shop to be traced: how many requests it answers without the plugin, with it, and with the SDK of
// OpenTelemetry by itself, in turn. Prints JSON. Arguments: rounds, milliseconds of each measurement, which shops.
import { fork } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { loadavg } from "node:os";
import { fileURLToPath, pathToFileURL } from "node:url";
import { median } from "../lib/stats.mjs";
import { closedLoad } from "../process/lib/clients.mjs";
import { freePort, startFamily } from "./family.mjs";
import { startDatabases } from "./servers.mjs";

const ROUNDS = Number(process.argv[2] ?? 32);
const MS = Number(process.argv[3] ?? 500);
const SHOPS = (process.argv[4] ?? "databases,plain").split(",");
const WARM_MS = 300;
/** Once at its start, so that all is compiled, also what runs for one request in a hundred. */
const BEGIN_MS = 20_000;
/** Of how many measurements the fastest one counts, but one in so many: others on the machine only take away. */
const BEST = 8;
const file = (path) => fileURLToPath(new URL(path, import.meta.url));
const TRACE = pathToFileURL(file("../../plugins/trace/dist/index.js")).href;
const BARE = new URL("./bare-sdk.mjs", import.meta.url).href;
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

/** Beside the shop without anything: how each is started. The first one shows what is noise. */
const variants = (otlp) => ({
  "absent, again": {},
  ...(traceIsThere && {
    "trace, 100 %": { plugins: traced({ ratio: 1, perSecond }) },
    "trace, as it comes": { plugins: traced({}) },
    "trace, 1 %": { plugins: traced({ ratio: 0.01, perSecond }) },
  }),
  "bare SDK, to nowhere": { nodeArgs: SDK },
  "bare SDK, to a collector": { nodeArgs: SDK, env: { BENCH_OTLP: otlp } },
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

/** A shop, started in one way, and a function that measures it. */
async function open(shop, ports, { plugins, nodeArgs = [], env = {} }) {
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
  const measure = async (ms = MS) => {
    const before = family.cpuMs();
    const load = { port, connections: 16, keepAlive: true, path, end, warmMs: WARM_MS, ms };
    const { rate, failed, total } = await closedLoad(load);
    if (failed > 0 || total === 0) throw new Error(`${failed} failed, ${total} were answered`);
    return { rate, cpuUs: (1000 * (family.cpuMs() - before)) / total };
  };
  return { measure, stop: family.stop };
}

const spread = (values) => ({
  ratio: median(values),
  lowest: Math.min(...values),
  highest: Math.max(...values),
});

/** What is reached when nobody disturbs. */
const best = (rates) => [...rates].sort((a, b) => b - a)[Math.floor(rates.length / BEST)];

/** Rounds of the shop as it is and of all variants, every other time in the other order. */
async function compare(shop, ports, otlp) {
  const opened = [];
  try {
    const start = async (how) => {
      const one = await open(shop, ports, how);
      opened.push(one);
      await one.measure(BEGIN_MS);
      return one;
    };
    const all = { plain: await start({}) };
    for (const [name, how] of Object.entries(variants(otlp))) all[name] = await start(how);
    const measured = Object.fromEntries(Object.keys(all).map((name) => [name, []]));
    for (let round = 0; round < ROUNDS; round++) {
      const names = Object.keys(all);
      for (const name of round % 2 === 0 ? names : names.reverse()) {
        measured[name].push(await all[name].measure());
      }
    }
    const { plain, ...others } = measured;
    const bestOf = (list) => best(list.map(({ rate }) => rate));
    const beside = ([name, list]) => [
      name,
      {
        requests: spread(list.map(({ rate }, at) => rate / plain[at].rate)),
        best: bestOf(list) / bestOf(plain),
        processorTime: spread(list.map(({ cpuUs }, at) => cpuUs / plain[at].cpuUs)),
      },
    ];
    return {
      requestsEachSecond: median(plain.map(({ rate }) => rate)),
      processorMicrosecondsEachRequest: median(plain.map(({ cpuUs }) => cpuUs)),
      beside: Object.fromEntries(Object.entries(others).map(beside)),
    };
  } finally {
    for (const one of opened) await one.stop();
  }
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
const about = { node: process.version, traceIsThere, rounds: ROUNDS, ms: MS, load: loadavg() };
console.log(JSON.stringify({ ...about, ...results }, null, 1));
