// Logs so many lines in one way, and prints what each of them cost.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHub } from "@elpis/core";
import { createLogger } from "@elpis/logs/logger";
import { pino } from "pino";

const [, , system, burst, lines] = process.argv;
const LINES = Number(lines);
const BURST = Number(burst);
const WARM = 20_000;

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A logger, and what waits until all is in the file. */
async function open(dir) {
  if (system.startsWith("pino")) {
    const sync = system.includes(" sync");
    const minLength = system.endsWith("KiB") ? 4096 : 0;
    const stream = pino.destination({ dest: join(dir, "web.log"), sync, minLength });
    const end = () =>
      new Promise((resolve) => {
        stream.once("close", resolve);
        stream.end();
      });
    return { log: pino(stream), end };
  }
  const format = system.endsWith("text") ? "text" : "json";
  if (!system.includes("shared")) {
    const log = createLogger("web", { dir, format });
    return { log, end: () => log.close() };
  }
  const hub = await createHub({ name: "bench", dir: join(dir, "run") });
  const log = createLogger("web", { dir, hub: hub.client, onTrouble: () => {} });
  const end = async () => {
    await log.close();
    await hub.close();
  };
  return { log, end };
}

/** @returns nanoseconds in the calls alone */
async function write(log, count) {
  let ns = 0n;
  for (let n = 0; n < count; n += BURST) {
    const began = process.hrtime.bigint();
    for (let m = 0; m < BURST; m++) log.info({ sku: n + m, price: 3.2 }, "sold a thing");
    ns += process.hrtime.bigint() - began;
    await turn();
  }
  return Number(ns);
}

const dir = mkdtempSync(join(tmpdir(), "elpis-bench-"));
try {
  const { log, end } = await open(dir);
  await write(log, WARM);
  const before = process.cpuUsage();
  const callNs = (await write(log, LINES)) / LINES;
  await end();
  const { user, system: kernel } = process.cpuUsage(before);
  const text = readdirSync(dir)
    .filter((name) => name.startsWith("web.log"))
    .map((name) => readFileSync(join(dir, name), "utf8"))
    .join("");
  const there = text.split("\n").length - 1;
  if (there !== LINES + WARM)
    throw new Error(`${LINES + WARM} lines were logged, ${there} are there`);
  console.log(JSON.stringify({ callNs, cpuNs: ((user + kernel) * 1000) / LINES }));
} finally {
  rmSync(dir, { recursive: true, force: true });
}
