import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { freePort, get, waitFor } from "../process/support.ts";
import { startFamily } from "./support.ts";

const SHOP = fileURLToPath(new URL("../../examples/shop", import.meta.url));
const GROUPS = ["system", "process", "node"];

it("the shop shows at least 220 names of machine and processes with metrics() and no other word", async () => {
  const port = await freePort();
  const family = await startFamily({
    "elpis.config.mjs": `import { metrics } from "@elpis/metrics";
      export default { name: "shop", agent: "${SHOP}/agent.ts", processes: {
        web: { entry: "${SHOP}/web.ts", scale: 2, ready: "listen", env: { PORT: "${port}" } },
        background: { entry: "${SHOP}/background.ts", dependsOn: ["web"] } },
        plugins: [metrics()] };`,
  });
  expect((await get(port, "/price/tea")).status).toBe(200);
  const { client } = family;
  const names = await waitFor(
    "all processes to report twice",
    async () => {
      const list = await client.request("elpis.metrics.list", {});
      const hasRates = list.some(({ name }) => name === "system.cpu.usage");
      return hasRates && list.some(({ name }) => name === "http.server.responses") && list;
    },
    30_000,
  );
  const wanted = new Set(
    names.filter(({ group }) => GROUPS.includes(group)).map(({ name }) => name),
  );
  // Not every system tells as much as Linux.
  expect(wanted.size).toBeGreaterThanOrEqual(process.platform === "linux" ? 220 : 80);
  const groups = await client.request("elpis.metrics.groups", {});
  expect(groups.map(({ group }) => group)).toEqual(
    expect.arrayContaining(["hub", "http", "elpis", "supervision", ...GROUPS]),
  );
  const system = await family.points({ filter: { groups: ["system"] } });
  expect(new Set(system.map(({ source }) => source.name))).toEqual(new Set(["agent"]));
  const cpu = await family.points({ filter: { names: ["process.cpu.time"] } });
  expect(new Set(cpu.map(({ source }) => source.name))).toEqual(
    new Set(["master", "agent", "web", "background"]),
  );
  await expect(client.request("elpis.metrics.points", { scope: "world" as never })).rejects.toThrow(
    /scope is one of process, name, app/,
  );
});
