import { fileURLToPath } from "node:url";
import type { TraceTopics } from "@elpis/api";
import { connectTo } from "@elpis/core";
import { expect, onTestFinished, test } from "vitest";
import { ElpisHome } from "../support/elpis.ts";
import { ask } from "../support/http.ts";
import { freePort } from "../support/port.ts";
import { until } from "../support/wait.ts";

const fixture = (name: string): string =>
  fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));

/** The example shop, with traces and without any database. */
async function start() {
  const home = await ElpisHome.create();
  onTestFinished(() => home.remove());
  const port = await freePort();
  const run = home.spawn(["run", fixture("typescript")], { env: { PORT: String(port) } });
  await run.printed("typed is up");
  const client = await connectTo<TraceTopics>("typed", { base: home.dir });
  onTestFinished(() => client.close());
  const price = async (): Promise<void> => {
    const { status } = await ask(`http://127.0.0.1:${port}/price/tea`);
    expect(status).toBe(200);
  };
  const kept = (total: number) =>
    until(`${total} traces`, async () => {
      const page = await client.request("elpis.trace.list", { name: "price" });
      return page.total >= total && page;
    });
  return { home, client, price, kept };
}

test("entries in TypeScript are traced, and the command line shows them", async () => {
  const { home, price, kept } = await start();
  await price();
  const { items } = await kept(1);
  expect(items[0]).toMatchObject({ spans: 3, status: "normal", processes: ["web.0", "agent.0"] });
  const traceId = items[0]?.traceId ?? "";
  const list = await home.run(["traces", "typed", "--json"]);
  expect(JSON.parse(list.stdout)).toMatchObject({ total: 1, items: [{ traceId }] });
  const one = await home.run(["trace", traceId.slice(0, 8), "--app", "typed"]);
  expect(one.stdout).toContain("GET /price/tea");
  expect(one.stdout).toMatch(/agent\.0\s.*price\.of/);
});

test("another agent takes over what is under way, and nothing is lost over it", async () => {
  const { home, client, price, kept } = await start();
  const before = await client.request("elpis.trace.stats", {});
  await price();
  const { code } = await home.run(["reload", "--app", "typed"]);
  expect(code).toBe(0);
  await price();
  // What was decided on before is in the old agent's memory, which is gone; what was not was handed over.
  await kept(1);
  const after = await until("all to be decided on", async () => {
    const stats = await client.request("elpis.trace.stats", {});
    return stats.pending.traces === 0 && stats;
  });
  expect(after).toMatchObject({ lostAtSender: 0, lostHere: 0 });
  expect(before.lostHere).toBe(0);
});

test("without an agent the master keeps traces", async () => {
  const home = await ElpisHome.create();
  onTestFinished(() => home.remove());
  const port = await freePort();
  const run = home.spawn(["run", fixture("alone")], { env: { PORT: String(port) } });
  await run.printed("alone is up");
  expect((await ask(`http://127.0.0.1:${port}/orders/42`)).status).toBe(200);
  await until("the trace", async () => {
    const { stdout } = await home.run(["traces", "alone", "--json"]);
    const { items } = JSON.parse(stdout);
    return items.length === 1 && items[0].name === "GET /orders/:id";
  });
  const { stdout } = await home.run(["ps", "alone", "--json"]);
  expect(stdout).not.toContain('"agent"');
});
