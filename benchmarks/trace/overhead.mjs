// What it costs a shop to be traced: how many requests it answers without the plugin, with it, and with the SDK of
// OpenTelemetry by itself, in turn. Prints JSON. Arguments: how often all are started, rounds with each start, which shops.
import { fork } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { loadavg } from "node:os";
import { fileURLToPath, pathToFileURL } from "node:url";
import { median } from "../lib/stats.mjs";
import { closedLoad } from "../process/lib/clients.mjs";
import { freePort, startFamily } from "./family.mjs";
import { startDatabases } from "./servers.mjs";

const STARTS = Number(process.argv[2] ?? 5);
const ROUNDS = Number(process.argv[3] ?? 10);
const SHOPS = (process.argv[4] ?? "databases,plain").split(",");
/** Of each measurement, and before it. */
const MS = 400;
const WARM_MS = 300;
/** Once after each start, so that all is compiled, also what runs for one request in a hundred. */
const BEGIN_MS = 12_000;
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
  [AGAIN]: {},
  "contexts alone": { nodeArgs: ["--import", CONTEXTS] },
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

/** Rounds of all variants, every other time in the other order: what each measured, by name. */
async function measureAll(shop, ports, otlp) {
  const opened = {};
  try {
    for (const [name, how] of Object.entries(variants(otlp))) {
      opened[name] = await open(shop, ports, how);
      await opened[name].measure(BEGIN_MS);
    }
    const names = Object.keys(opened);
    const measured = Object.fromEntries(names.map((name) => [name, []]));
    for (let round = 0; round < ROUNDS; round++) {
      for (const name of round % 2 === 0 ? names : names.toReversed()) {
        measured[name].push(await opened[name].measure());
      }
    }
    return measured;
  } finally {
    for (const one of Object.values(opened)) await one.stop();
  }
}

/** How each variant is beside those without the plugin in the same round, and by how much these differ; of one start of all. */
function besideAbsent(measured) {
  const ratios = (name, key) => {
    const base = ({ [ABSENT]: one, [AGAIN]: other }, at) =>
      name === AGAIN ? one[at][key] : (one[at][key] + other[at][key]) / 2;
    return median(measured[name].map((own, at) => own[key] / base(measured, at)));
  };
  const names = Object.keys(measured).filter((name) => name !== ABSENT);
  return Object.fromEntries(
    names.map((name) => [
      name,
      { requests: ratios(name, "rate"), processorTime: ratios(name, "cpuUs") },
    ]),
  );
}

/** What is compiled when differs from start to start, and more between two starts than between two measurements. */
async function compare(shop, ports, otlp) {
  const starts = [];
  const absent = [];
  for (let start = 0; start < STARTS; start++) {
    const measured = await measureAll(shop, ports, otlp);
    absent.push(...measured[ABSENT], ...measured[AGAIN]);
    starts.push(besideAbsent(measured));
  }
  const over = (name, key) => spread(starts.map((start) => start[name][key]));
  const names = Object.keys(starts[0]);
  return {
    requestsEachSecond: median(absent.map(({ rate }) => rate)),
    processorMicrosecondsEachRequest: median(absent.map(({ cpuUs }) => cpuUs)),
    beside: Object.fromEntries(
      names.map((name) => [
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
  starts: STARTS,
  rounds: ROUNDS,
  load: loadavg(),
};
console.log(JSON.stringify({ ...about, ...results }, null, 1));
