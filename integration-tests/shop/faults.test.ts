import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ask, askJson } from "../support/http.ts";
import { isAlive, processesOf } from "../support/processes.ts";
import { until } from "../support/wait.ts";
import { openShop, processesOfShop, type Row, type Shop } from "./shop.ts";

let shop: Shop;

beforeEach(async () => {
  shop = await openShop();
});

afterEach(async () => {
  await shop?.home.remove();
});

function web(rows: readonly Row[]): Row[] {
  return rows.filter((row) => row.name === "web");
}

/** Paths of sockets and of what else is left of the hub. */
function hubFiles(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isSocket() || entry.name === "hub.json")
    .map((entry) => join(entry.parentPath, entry.name));
}

test("list and ps show the whole family, each with its pid", async () => {
  const { apps } = await shop.home.json<{ apps: Array<{ app: string; state: string }> }>(["list"]);
  expect(apps.map(({ app, state }) => [app, state])).toEqual([["shop", "running"]]);
  const rows = await processesOfShop(shop.home);
  expect(rows.map((row) => `${row.role} ${row.name}.${row.index} ${row.state}`)).toEqual([
    "master master.0 ready",
    "agent agent.0 ready",
    "worker web.0 ready",
    "worker web.1 ready",
    "worker background.0 ready",
  ]);
  expect(rows[0]?.pid).toBe(shop.run.pid);
  expect(new Set(rows.map((row) => row.pid)).size).toBe(5);
  for (const row of rows) {
    expect(isAlive(row.pid ?? 0)).toBe(true);
    expect(row.rssBytes).toBeGreaterThan(10_000_000);
  }
});

test("a worker that crashes is replaced; the port goes on", async () => {
  const { body } = await askJson<{ crashing: number }>(`${shop.url}/crash`);
  const row = await until("a replacement", async () => {
    const rows = web(await processesOfShop(shop.home));
    if (rows.some((one) => one.pid === body.crashing)) return undefined;
    return rows.find((one) => one.state === "ready" && one.restarts === 1);
  });
  expect(row.epoch).toBe(2);
  expect(isAlive(body.crashing)).toBe(false);
  await until("the new one to serve", async () => {
    const { body: answer } = await askJson<{ pid: number }>(`${shop.url}/price/tea`);
    return answer.pid === row.pid;
  });
});

test("kill -9 of a worker under load costs at most what it had in hand", async () => {
  const [victim, other] = web(await processesOfShop(shop.home));
  const statuses: number[] = [];
  const failures: string[] = [];
  let goOn = true;
  const clients = Array.from({ length: 4 }, async () => {
    while (goOn) {
      try {
        statuses.push((await ask(`${shop.url}/price/tea`, { timeoutMs: 4000 })).status);
      } catch (error) {
        failures.push((error as NodeJS.ErrnoException).code ?? (error as Error).message);
      }
    }
  });
  await until("the load to run", () => statuses.length > 100);
  process.kill(victim?.pid ?? 0, "SIGKILL");
  const atKill = statuses.length;
  await until("the other to serve on", () => statuses.length > atKill + 200);
  await until("a replacement", async () =>
    web(await processesOfShop(shop.home)).some((row) => row.epoch === 2 && row.state === "ready"),
  );
  goOn = false;
  await Promise.all(clients);
  expect(isAlive(other?.pid ?? 0)).toBe(true);
  expect(failures.length).toBeLessThanOrEqual(clients.length);
  for (const failure of failures) expect(failure).toBe("ECONNRESET");
  expect(new Set(statuses)).toEqual(new Set([200]));
});

test("the port stays open when every web process is killed at once", async () => {
  for (const row of web(await processesOfShop(shop.home))) process.kill(row.pid ?? 0, "SIGKILL");
  // Asked while nobody can answer: it waits in the line until one can.
  expect((await ask(`${shop.url}/price/tea`)).status).toBe(200);
});

test("Ctrl-C ends with 0 and leaves no process and no socket", async () => {
  const agent = (await processesOfShop(shop.home)).find((row) => row.name === "agent");
  shop.run.child.kill("SIGINT");
  const { code, signal, stderr } = await shop.run.finished;
  expect([code, signal]).toEqual([0, null]);
  expect(stderr).toContain("SIGINT: stopping");
  expect(isAlive(agent?.pid ?? 0)).toBe(false);
  await shop.home.empty(2000);
  expect(hubFiles(shop.home.dir)).toEqual([]);
});

test("a second signal ends everything at once", async () => {
  const [victim] = web(await processesOfShop(shop.home));
  // A process that does not run any more cannot leave by itself, so that the graceful stop takes its time.
  process.kill(victim?.pid ?? 0, "SIGSTOP");
  shop.run.child.kill("SIGTERM");
  await shop.run.printed("SIGTERM: stopping");
  const begun = performance.now();
  shop.run.child.kill("SIGINT");
  const { code } = await shop.run.finished;
  expect(code).toBe(130);
  expect(performance.now() - begun).toBeLessThan(5000);
  await shop.home.empty(2000);
});

test("kill -9 of the master leaves no orphan after 5 s, and the shop opens again at once", async () => {
  const { home, port } = shop;
  const [, , frozen] = await processesOfShop(home);
  process.kill(frozen?.pid ?? 0, "SIGSTOP");
  expect(processesOf(home.dir).length).toBeGreaterThanOrEqual(5);
  shop.run.child.kill("SIGKILL");
  await shop.run.finished;
  const { apps } = await home.json<{ apps: Array<{ app: string; state: string }> }>(["list"]);
  expect(apps.map(({ app, state }) => [app, state])).toEqual([["shop", "dead"]]);
  await home.empty(5000);
  shop = await openShop(home, port);
  expect((await ask(`${shop.url}/price/tea`)).status).toBe(200);
});
