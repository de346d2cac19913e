// What whoever supervises two idle workers holds in memory.
import { askAll } from "../lib/ask.mjs";
import { line } from "../lib/lines.mjs";
import { settledMemory } from "../lib/memory.mjs";
import { sleep } from "../lib/wait.mjs";

/** What the daemon of pm2 has held where it was measured before; the bound when it is not here to be compared with. */
const PM2_MIB = 58;

async function run(bench) {
  const apps = {};
  await bench.each(["elpis", "pm2", "cluster"], async (name) => {
    apps[name] = await bench.start(name, { scale: 2 });
    await askAll(apps[name].port, { count: 2, times: 50 });
  });
  await sleep(bench.isShort ? 1500 : 8000);
  const samples = {};
  await bench.each(Object.keys(apps), async (name) => {
    samples[name] = await settledMemory(apps[name].supervisorPid, { samples: 5 });
  });
  const cells = (field) =>
    Object.fromEntries(Object.entries(samples).map(([name, one]) => [name, one[field]]));
  return {
    lines: [
      line("supervisor of two workers, MiB resident", cells("rss"), {
        text: "<= pm2",
        test: ({ elpis, pm2 = PM2_MIB }) => elpis <= pm2,
      }),
      line("supervisor of two workers, MiB of its own", cells("own")),
    ],
    samples,
  };
}

export default { id: "supervisor", run };
