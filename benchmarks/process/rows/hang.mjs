// One of two workers never comes back from a request: is it replaced, and does anybody say what it was doing?
import { ask } from "../lib/ask.mjs";
import { isAlive, owned } from "../lib/cleanup.mjs";
import { openLoad } from "../lib/clients.mjs";
import { line } from "../lib/lines.mjs";
import { sleep, until } from "../lib/wait.mjs";

/** Two intervals of silence, the third to replace it in, and the time a start takes. */
const BOUND_MS = 4500;

async function run(bench) {
  const waitMs = bench.isShort ? 8000 : 20_000;
  const samples = {};
  await bench.each(["elpis", "pm2", "cluster"], async (name) => {
    samples[name] = await hang(bench, name, waitMs);
  });
  const cells = (of) =>
    Object.fromEntries(Object.entries(samples).map(([name, sample]) => [name, of(sample)]));
  const never = `not in ${waitMs / 1000} s`;
  return {
    lines: [
      line(
        "blocked worker: replaced after, ms",
        cells(({ replacedMs }) => ({
          value: replacedMs ?? Number.POSITIVE_INFINITY,
          text: replacedMs === undefined ? never : String(Math.round(replacedMs)),
        })),
        { text: `<= ${BOUND_MS}`, test: ({ elpis }) => elpis <= BOUND_MS },
      ),
      line(
        "blocked worker: report files",
        cells(({ reports }) => ({ value: reports.length, text: String(reports.length) })),
        { text: ">= 1", test: ({ elpis }) => elpis >= 1 },
      ),
      line(
        "requests lost meanwhile (50 a second)",
        cells(({ failed, sent }) => ({ value: failed, text: `${failed} of ${sent}` })),
      ),
    ],
    samples,
  };
}

async function hang(bench, name, waitMs) {
  const app = await bench.start(name, { scale: 2 });
  const before = new Set((await app.workers()).map(String));
  const load = await openLoad({ port: app.port, rate: 50, keepAlive: false });
  await sleep(500);
  const pid = Number(await ask(app.port, "/hang"));
  const began = Date.now();
  // It would go on for ever where its supervisor does not see to it.
  const end = owned(pid);
  const isGone = await until(() => !isAlive(pid), { timeoutMs: waitMs, everyMs: 50 });
  const goneMs = isGone === undefined ? undefined : Date.now() - began;
  // Whoever takes its place needs a moment; if nobody does, there is nothing to wait for.
  await sleep(goneMs === undefined ? 0 : 2000);
  const { failed, sent, failures, firstSeen } = await load.stop();
  const reports = await app.reports();
  await bench.close(app);
  end();
  const [first] = Object.entries(firstSeen)
    .filter(([one]) => !before.has(one))
    .map(([, at]) => at)
    .sort((a, b) => a - b);
  const replacedMs = first === undefined ? undefined : first - began;
  return { replacedMs, goneMs, reports, failed, sent, failures };
}

export default { id: "hang", run };
