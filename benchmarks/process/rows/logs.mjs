// One worker prints a great many lines: how long until the last of them is in a file, and what does it cost the supervisor?
import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { ask } from "../lib/ask.mjs";
import { rotated } from "../lib/bench.mjs";
import { atMost, line, medians, withRatios } from "../lib/lines.mjs";
import { peakOf } from "../lib/memory.mjs";
import { until } from "../lib/wait.mjs";

const KINDS = {
  bare: { system: "bare" },
  elpis: { system: "elpis" },
  "pm2 fork": { system: "pm2", mode: "fork" },
  "pm2 cluster": { system: "pm2", mode: "cluster" },
};
const TAIL_BYTES = 512;
const GIVE_UP_MS = 120_000;

async function run(bench) {
  const [lines, reps] = bench.isShort ? [20_000, 1] : [200_000, 5];
  const apps = {};
  for (const [kind, { system, mode }] of Object.entries(KINDS)) {
    await bench.each([system], async (name) => {
      apps[kind] = await bench.start(name, { mode });
      await ask(apps[kind].port);
    });
  }
  const samples = { ms: {}, peak: {} };
  await bench.repeat(reps, async (rep) => {
    for (const kind of rotated(Object.keys(apps), rep)) {
      await bench.each([KINDS[kind].system], async () => {
        samples.ms[kind] ??= [];
        samples.ms[kind].push(await written(apps[kind], lines, `run-${rep}`));
      });
    }
  });
  for (const [kind, app] of Object.entries(apps)) {
    if (app.supervisorPid === undefined) continue;
    const peak = await peakOf(app.supervisorPid);
    if (peak !== undefined) samples.peak[kind] = [peak];
  }
  return { lines: linesOf(lines, samples), samples };
}

/** Milliseconds until the last line is in a file. */
async function written(app, lines, tag) {
  const began = performance.now();
  await ask(app.port, `/log?lines=${lines}&tag=${tag}`, { timeoutMs: GIVE_UP_MS });
  const isDone = await until(() => endsWith(app.logDir(), `last of ${tag}`), {
    timeoutMs: GIVE_UP_MS,
    everyMs: 10,
  });
  if (!isDone) throw new Error(`the last of ${lines} lines is in no file after ${GIVE_UP_MS} ms`);
  return performance.now() - began;
}

/** Whether one of the files of a folder ends with the text, give or take what the system writes around it. */
async function endsWith(dir, text) {
  for (const name of await readdir(dir).catch(() => [])) {
    const path = join(dir, name);
    const { size } = await stat(path);
    const file = await open(path);
    try {
      const buffer = Buffer.alloc(Math.min(size, TAIL_BYTES));
      await file.read(buffer, 0, buffer.length, size - buffer.length);
      if (buffer.includes(text)) return true;
    } finally {
      await file.close();
    }
  }
  return false;
}

function linesOf(count, samples) {
  const [ms, peak] = [medians(samples.ms), medians(samples.peak)];
  const cells = (mode) =>
    withRatios({ elpis: ms.elpis, pm2: ms[`pm2 ${mode}`], bare: ms.bare }, ms.bare);
  const peaks = { elpis: peak.elpis, pm2: peak["pm2 cluster"] };
  const what = `${count.toLocaleString("en-US")} lines printed, ms until in a file`;
  return [
    line(`${what} (pm2: fork)`, cells("fork"), atMost("pm2", "pm2")),
    line(`${what} (pm2: cluster)`, cells("cluster"), atMost("pm2", "pm2")),
    line(
      "supervisor with them, MiB at most (pm2: cluster)",
      withRatios(peaks),
      atMost("pm2", "pm2"),
    ),
  ];
}

export default { id: "logs", run };
