// The shop with metrics and without, side by side: how many requests each answers, in turn. Prints JSON.
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { median } from "../lib/stats.mjs";
import { closedLoad } from "../process/lib/clients.mjs";

const PAIRS = Number(process.argv[2] ?? 12);
const MS = Number(process.argv[3] ?? 3000);
const [BIN, METRICS, SHOP] = [
  "../../packages/cli/dist/bin.js",
  "../../plugins/metrics/dist/index.js",
  "../../examples/shop/",
].map((path) => fileURLToPath(new URL(path, import.meta.url)));

const home = mkdtempSync(join(tmpdir(), "elpis-bench-"));
const elpis = (...args) =>
  promisify(execFile)(process.execPath, [BIN, ...args], {
    env: { ...process.env, ELPIS_HOME: home },
  });

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function start(name, plugins) {
  const port = await freePort();
  const dir = join(home, "apps", name);
  mkdirSync(dir, { recursive: true });
  const config = {
    name,
    agent: { entry: join(SHOP, "agent.ts") },
    processes: {
      web: { entry: join(SHOP, "web.ts"), scale: 2, ready: "listen", env: { PORT: String(port) } },
      background: { entry: join(SHOP, "background.ts"), dependsOn: ["web"] },
    },
  };
  writeFileSync(
    join(dir, "elpis.config.mjs"),
    `import { metrics } from ${JSON.stringify(METRICS)};
export default { ...${JSON.stringify(config)}, plugins: [${plugins}] };
`,
  );
  await elpis("start", dir);
  return port;
}

const rate = async (port) => {
  const common = { connections: 16, keepAlive: true, path: "/price/tea", end: "0\r\n\r\n" };
  const { rate: found, failed } = await closedLoad({ port, ...common, warmMs: 300, ms: MS });
  if (failed > 0) throw new Error(`${failed} requests failed`);
  return found;
};

try {
  const ports = { on: await start("on", "metrics()"), off: await start("off", "") };
  for (const port of Object.values(ports)) await rate(port);
  const rates = { on: [], off: [] };
  const ratios = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    const order = pair % 2 === 0 ? ["on", "off"] : ["off", "on"];
    for (const which of order) rates[which].push(await rate(ports[which]));
    ratios.push(rates.on[pair] / rates.off[pair]);
  }
  console.log(
    JSON.stringify({
      requestsEachSecondWithout: median(rates.off),
      requestsEachSecondWith: median(rates.on),
      ratio: median(ratios),
      lowestRatio: Math.min(...ratios),
      highestRatio: Math.max(...ratios),
    }),
  );
} finally {
  for (const name of ["on", "off"]) await elpis("stop", name).catch(() => {});
  rmSync(home, { recursive: true, force: true });
}
