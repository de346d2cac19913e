#!/usr/bin/env node
// What metrics() costs: requests in a second of one application with it and without it, in turns in one run.
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createMaster, loadConfig } from "@elpis/process";

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "3" },
    clients: { type: "string", default: "32" },
    port: { type: "string", default: "39771" },
  },
});
const rounds = Number(flags.rounds);
const seconds = Number(flags.seconds);
const port = Number(flags.port);

const WEB = `import { createServer } from "node:http";
createServer((_, response) => response.end("hi")).listen(${port}, "127.0.0.1");`;

const silent = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };

/** Requests in a second. */
async function measure(plugins) {
  const dir = mkdtempSync(join(tmpdir(), "elpis-bench-"));
  symlinkSync(
    fileURLToPath(new URL("../node_modules", import.meta.url)),
    join(dir, "node_modules"),
  );
  writeFileSync(join(dir, "agent.mjs"), "");
  writeFileSync(join(dir, "web.mjs"), WEB);
  writeFileSync(
    join(dir, "elpis.config.mjs"),
    `import { metrics } from "@elpis/metrics";
    export default { name: "bench", agent: "./agent.mjs",
      processes: { web: { entry: "./web.mjs", scale: 2, ready: "listen" } }, plugins: ${plugins} };`,
  );
  const config = await loadConfig({ path: join(dir, "elpis.config.mjs") });
  const master = createMaster({ config, dir: join(dir, "run"), log: silent });
  await master.start();
  try {
    await load(1);
    return (await load(seconds)) / seconds;
  } finally {
    await master.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function load(forSeconds) {
  const clients = Number(flags.clients);
  const agent = new http.Agent({ keepAlive: true, maxSockets: clients });
  const end = performance.now() + 1000 * forSeconds;
  let answered = 0;
  const client = async () => {
    while (performance.now() < end) {
      await ask(agent);
      answered += 1;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  agent.destroy();
  return answered;
}

function ask(agent) {
  return new Promise((resolve, reject) => {
    http
      .get({ host: "127.0.0.1", port, agent }, (answer) => {
        answer.resume();
        answer.on("end", resolve);
      })
      .on("error", reject);
  });
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

const pairs = [];
for (let round = 0; round < rounds; round++) {
  const isOnFirst = round % 2 === 1;
  const first = await measure(isOnFirst ? "[metrics()]" : "[]");
  const second = await measure(isOnFirst ? "[]" : "[metrics()]");
  const [off, on] = isOnFirst ? [second, first] : [first, second];
  pairs.push({ off, on });
  console.log(`off ${off.toFixed(0)}/s  on ${on.toFixed(0)}/s  ${((on / off) * 100).toFixed(1)} %`);
}
const share = median(pairs.map(({ off, on }) => on / off));
console.log(`median of ${rounds} pairs: ${(share * 100).toFixed(1)} % of the throughput without`);
process.exit(0);
