// How long it takes from nothing to the first answer, and what part of that is the worker's own.
import { ask, firstAnswer } from "../lib/ask.mjs";
import { rotated } from "../lib/bench.mjs";
import { atMost, line, medians, withRatios } from "../lib/lines.mjs";

const NAMES = ["elpis", "pm2", "cluster", "bare"];
const OWN_SHARE_MS = 60;
const GIVE_UP_MS = 30_000;

async function run(bench) {
  const rounds = bench.isShort ? 1 : 10;
  const samples = { command: {}, answer: {}, ready: {}, listening: {}, entry: {}, cpu: {} };
  await bench.repeat(rounds, async (i) => {
    await bench.each(rotated(NAMES, i), async (name) => {
      for (const [field, ms] of Object.entries(await begin(bench, name))) {
        if (ms === undefined) continue;
        samples[field][name] ??= [];
        samples[field][name].push(ms);
      }
    });
  });
  const overBare = {
    text: `<= bare + ${OWN_SHARE_MS}`,
    test: ({ elpis, bare }) => (bare === undefined ? undefined : elpis <= bare + OWN_SHARE_MS),
  };
  // What its master calls ready is, from outside, the first answer of a bare process.
  const ready = { ...medians(samples.ready) };
  if (samples.answer.bare !== undefined) ready.bare = medians(samples.answer).bare;
  const cpu = medians(samples.cpu);
  return {
    lines: [
      line(
        "start: from the command to the first answer, ms",
        medians(samples.answer),
        atMost("pm2", "pm2"),
      ),
      line("start: until the command returns, ms", medians(samples.command), atMost("pm2", "pm2")),
      line("start: a worker from spawn to ready, ms", ready, overBare),
      line(
        "start: a worker from its own begin to listening, ms",
        medians(samples.listening),
        overBare,
      ),
      line("start: a worker from its own begin to its entry, ms", medians(samples.entry)),
      // Neighbours that keep the machine busy change this one least.
      line("start: processor time of a worker until it listens, ms", withRatios(cpu, cpu.bare)),
    ],
    samples,
  };
}

async function begin(bench, name) {
  const app = await bench.prepare(name);
  const began = performance.now();
  const first = firstAnswer(app.port, { timeoutMs: GIVE_UP_MS });
  const { commandMs: command, spawnToReadyMs: ready } = await app.start();
  const found = await first;
  if (found === undefined) throw new Error(`no answer within ${GIVE_UP_MS} ms of the start`);
  const { origin, entry, listening, cpuMs } = JSON.parse(await ask(app.port, "/times"));
  await bench.close(app);
  return {
    command,
    ready,
    answer: found.at - began,
    listening: listening - origin,
    entry: entry - origin,
    cpu: cpuMs,
  };
}

export default { id: "start", run };
