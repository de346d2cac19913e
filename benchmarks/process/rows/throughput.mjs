// Requests a second through the one port of two workers, against as many clients as keep them busy.

import { askAll } from "../lib/ask.mjs";
import { rotated } from "../lib/bench.mjs";
import { closedLoad } from "../lib/clients.mjs";
import { cpuMsOf } from "../lib/cpu.mjs";
import { line, medians, withRatios } from "../lib/lines.mjs";

const KINDS = {
  "elpis kernel": { system: "elpis", balance: "kernel" },
  "elpis round-robin": { system: "elpis", balance: "round-robin" },
  pm2: { system: "pm2" },
  cluster: { system: "cluster" },
};
const WARM_UP_MS = 2500;
const MODES = {
  "kept alive": { keepAlive: true, connections: 64 },
  "one connection each": { keepAlive: false, connections: 32 },
};

async function run(bench) {
  const apps = await openAll(bench);
  const samples = { rate: {}, cpu: {}, failed: {} };
  const [reps, ms, warmMs] = bench.isShort ? [1, 200, 100] : [9, 1000, 250];
  if (!bench.isShort) await warmUp(apps);
  await bench.repeat(reps, async (rep) => {
    for (const [mode, options] of Object.entries(MODES)) {
      for (const kind of rotated(Object.keys(apps), rep)) {
        const sample = await measure(apps[kind], { ...options, ms, warmMs, from: from(rep) });
        for (const [field, value] of Object.entries(sample)) {
          samples[field][mode] ??= {};
          samples[field][mode][kind] ??= [];
          samples[field][mode][kind].push(value);
        }
      }
    }
  });
  return { lines: Object.keys(MODES).flatMap((mode) => linesOf(mode, samples)), samples };
}

/** So that nobody is measured while V8 still interprets it. */
async function warmUp(apps) {
  for (const { port } of Object.values(apps)) {
    for (const options of Object.values(MODES)) {
      await closedLoad({ ...options, port, warmMs: 0, ms: WARM_UP_MS });
    }
  }
}

/** Requests a second, those that failed, and microseconds of processor time that all processes have used for one. */
async function measure({ port, pids }, options) {
  const before = await cpuMsOf(pids);
  const { rate, failed, total } = await closedLoad({ port, ...options });
  const after = await cpuMsOf(pids);
  return { rate, failed, ...(after !== undefined && { cpu: ((after - before) / total) * 1000 }) };
}

async function openAll(bench) {
  const apps = {};
  for (const [kind, { system, balance }] of Object.entries(KINDS)) {
    await bench.each([system], async (name) => {
      const app = await bench.start(name, { scale: 2, balance });
      await askAll(app.port, { count: 2, times: 20 });
      apps[kind] = { port: app.port, pids: [app.supervisorPid, ...(await app.workers())] };
    });
  }
  return apps;
}

/** Another address of this machine each time: one would run out of ports. Only Linux has more than one by itself. */
function from(rep) {
  return process.platform === "linux" ? `127.0.0.${2 + rep}` : "127.0.0.1";
}

/** Two lines for each policy of ours; in brackets the ratio to node:cluster. */
function linesOf(mode, samples) {
  const [rates, cpu, failed] = ["rate", "cpu", "failed"].map((field) => samples[field][mode] ?? {});
  for (const [kind, counts] of Object.entries(failed)) {
    // A figure of a system that does not answer is none.
    if (counts.some((count) => count > 0)) delete rates[kind];
  }
  return ["kernel", "round-robin"].flatMap((policy) => [
    line(`requests/s, ${mode}, ${policy}`, cellsOf(medians(rates), policy), {
      text: ">= cluster",
      test: ({ elpis, cluster }) => (cluster === undefined ? undefined : elpis >= cluster),
    }),
    line(`processor time of a request, µs, ${mode}, ${policy}`, cellsOf(medians(cpu), policy)),
  ]);
}

function cellsOf(values, policy) {
  const { pm2, cluster } = values;
  return withRatios({ elpis: values[`elpis ${policy}`], pm2, cluster }, cluster);
}

export default { id: "throughput", run };
