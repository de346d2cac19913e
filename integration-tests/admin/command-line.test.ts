import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { ROOT } from "../docs/blocks.ts";
import { ElpisHome } from "../support/elpis.ts";
import { until } from "../support/wait.ts";
import { WEB } from "./support.ts";

async function started(plugins: string) {
  const home = await ElpisHome.create();
  onTestFinished(() => home.remove());
  symlinkSync(join(ROOT, "node_modules"), join(home.dir, "node_modules"));
  writeFileSync(
    join(home.dir, "web.mjs"),
    `${WEB}\nconsole.error("cannot reach:", new TypeError("no route"));`,
  );
  writeFileSync(
    join(home.dir, "elpis.config.mjs"),
    `import { admin } from "@elpis/admin";
     import { health } from "@elpis/health";
     export default { name: "shop", processes: { web: "./web.mjs" }, plugins: [${plugins}] };`,
  );
  const { code, stderr } = await home.run(["start"]);
  expect(stderr).toContain("shop");
  expect(code).toBe(0);
  onTestFinished(async () => void (await home.run(["stop", "shop", "--now"])));
  return home;
}

it("shows indicators and errors where the plugins are there", async () => {
  const home = await started(
    'admin(), health({ indicators: { broken: { check: () => { throw new Error("no route to db"); }, processes: ["web"] } } })',
  );
  const text = await until("it to be looked at", async () => {
    const { code, stdout, stderr } = await home.run(["health", "shop"]);
    expect(code).toBe(14);
    return stdout.includes("no route to db") && stdout + stderr;
  });
  expect(text).toMatch(/broken +web\.0 +NO +readiness/);
  expect(text).toContain(
    "shop is not well: it is running; broken of web.0 is down: no route to db",
  );
  const found = await home.json<{ healthy: boolean; indicators: { name: string }[] }>(["health"]);
  expect([found.healthy, found.indicators.map(({ name }) => name).sort()]).toEqual([
    false,
    ["broken", "process"],
  ]);
  const errors = await home.run(["errors", "shop", "--stack"]);
  expect(errors.stdout).toMatch(
    /web\.0\[\d+\] console TypeError: cannot reach: no route\n +TypeError: no route\n/,
  );
  const json = await home.json<{ count: number; items: { process: string }[] }>(["errors"]);
  expect([json.count, json.items[0]?.process]).toEqual([1, "web"]);
});

it("says what is missing where they are not", async () => {
  const home = await started("");
  expect((await home.run(["health", "shop"])).code).toBe(0);
  const { code, stderr } = await home.run(["errors", "shop"]);
  expect(code).toBe(2);
  expect(stderr).toContain('shop runs without the plugin "admin"');
});
