// A new version that cannot run is reloaded: who serves after that, and does the command own up to it?
import { openLoad } from "../lib/clients.mjs";
import { line } from "../lib/lines.mjs";
import { sleep } from "../lib/wait.mjs";

const READY_TIMEOUT_MS = 2000;
const VERSIONS = { throws: "throws at boot", silent: "never listens" };

async function run(bench) {
  const samples = {};
  const lines = [];
  for (const [version, title] of Object.entries(VERSIONS)) {
    samples[version] = {};
    await bench.each(["elpis", "pm2"], async (name) => {
      samples[version][name] = await badDeploy(bench, name, version);
    });
    lines.push(
      line(`bad version (${title}): old serve; exit code`, verdicts(samples[version]), {
        text: "yes; not 0",
        test: ({ elpis }) => elpis,
      }),
    );
  }
  return { lines, samples };
}

async function badDeploy(bench, name, version) {
  const app = await bench.start(name, { scale: 2, readyTimeoutMs: READY_TIMEOUT_MS });
  const old = new Set((await app.workers()).map(String));
  await app.deploy(version);
  const { code, ms, text } = await app.reload();
  // What is left to be killed is by then.
  await sleep(bench.isShort ? 1000 : 3000);
  const load = await openLoad({ port: app.port, rate: 50, keepAlive: false });
  await sleep(2000);
  const { sent, ok, failures, firstSeen } = await load.stop();
  await bench.close(app);
  const areOld = Object.keys(firstSeen).every((pid) => old.has(pid));
  return { code, ms, text, sent, ok, failures, oldServe: ok === sent && sent > 0 && areOld };
}

function verdicts(samples) {
  return Object.fromEntries(
    Object.entries(samples).map(([name, { oldServe, ok, sent, code }]) => [
      name,
      {
        // No code at all: the command had to be killed.
        value: oldServe && code !== 0 && code !== null,
        text: `${oldServe ? "yes" : `no (${ok} of ${sent} answered)`}; ${code}`,
      },
    ]),
  );
}

export default { id: "deploy", run };
