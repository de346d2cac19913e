// What a client notices of reload after reload of an application that does nothing for it.
import { openLoad } from "../lib/clients.mjs";
import { line, medians } from "../lib/lines.mjs";
import { sleep } from "../lib/wait.mjs";

const RATE = 300;

async function run(bench) {
  const reloads = bench.isShort ? 2 : 20;
  const samples = { "kept alive": {}, "one connection each": {} };
  const tookMs = {};
  for (const [how, keepAlive] of [
    ["kept alive", true],
    ["one connection each", false],
  ]) {
    await bench.each(["elpis", "pm2"], async (name) => {
      const { load, commands } = await underLoad(bench, { name, keepAlive, reloads });
      samples[how][name] = load;
      tookMs[name] = [...(tookMs[name] ?? []), ...commands];
    });
  }
  const lines = Object.entries(samples).map(([how, loads]) =>
    line(`requests lost in ${reloads} reloads, ${how}`, lost(loads, reloads), {
      text: "0",
      test: ({ elpis }) => elpis === 0,
    }),
  );
  return { lines: [...lines, line("reload command, ms", medians(tookMs))], samples };
}

async function underLoad(bench, { name, keepAlive, reloads }) {
  const app = await bench.start(name, { scale: 2 });
  const load = await openLoad({ port: app.port, rate: RATE, keepAlive });
  const commands = [];
  try {
    await sleep(1000);
    for (let i = 0; i < reloads; i++) {
      const { code, ms, text } = await app.reload();
      if (code !== 0) throw new Error(`reload ${i + 1} ended with ${code}: ${text}`);
      commands.push(ms);
      await sleep(200);
    }
    await sleep(500);
  } catch (error) {
    await load.stop();
    throw error;
  }
  const result = await load.stop();
  await bench.close(app);
  const pids = Object.keys(result.firstSeen).length;
  return { load: { ...result, pids }, commands };
}

function lost(loads, reloads) {
  return Object.fromEntries(
    Object.entries(loads).map(([name, { failed, sent, pids }]) => {
      // Where no new processes have answered, nothing was tried. Not everyone gets a request in the second that it lives.
      const isTried = pids >= 2 + reloads;
      const text = `${failed} of ${sent}${isTried ? "" : `, but ${pids} processes seen`}`;
      return [name, { value: isTried ? failed : Number.POSITIVE_INFINITY, text }];
    }),
  );
}

export default { id: "reload", run };
