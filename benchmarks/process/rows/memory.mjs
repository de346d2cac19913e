// What a worker holds in memory beyond the same application under Node alone, after the same work.
import { ask, askAll } from "../lib/ask.mjs";
import { line, medians } from "../lib/lines.mjs";
import { settledMemory } from "../lib/memory.mjs";
import { sleep } from "../lib/wait.mjs";

const NAMES = ["bare", "elpis", "pm2", "cluster"];
const BOUND_MIB = 6;

async function run(bench) {
  const rounds = bench.isShort ? 1 : 5;
  const samples = { rss: {}, own: {}, pss: {} };
  await bench.repeat(rounds, () => round(bench, samples));
  const over = (field) => overBare(medians(samples[field]));
  const rule = { text: `<= ${BOUND_MIB}`, test: ({ elpis }) => elpis <= BOUND_MIB };
  return {
    lines: [
      line("worker over bare node, MiB resident", over("rss"), rule),
      line("worker over bare node, MiB of its own", over("own")),
    ],
    samples,
  };
}

/** All side by side: pages that they share are shared by as many for each of them. */
async function round(bench, samples) {
  const pids = {};
  await bench.each(NAMES, async (name) => {
    const app = await bench.start(name);
    pids[name] = await worked(app.port);
  });
  await sleep(bench.isShort ? 500 : 2000);
  await bench.each(Object.keys(pids), async (name) => {
    const memory = await settledMemory(pids[name]);
    for (const [field, value] of Object.entries(memory)) {
      samples[field][name] ??= [];
      samples[field][name].push(value);
    }
  });
  await bench.closeAll();
}

/** Gives the one worker its share of work, lets it tidy up, and tells who it is. */
async function worked(port) {
  await askAll(port, { count: 1, times: 200 });
  return Number(await ask(port, "/gc"));
}

/** The bare process is shown as it is, all others as what they are beyond it. */
function overBare(memory) {
  const { bare, ...others } = memory;
  if (bare === undefined) return {};
  const beyond = Object.entries(others).map(([name, value]) => [
    name,
    { value: value - bare, text: `${value < bare ? "" : "+"}${(value - bare).toFixed(1)}` },
  ]);
  return { ...Object.fromEntries(beyond), bare };
}

export default { id: "memory", run };
