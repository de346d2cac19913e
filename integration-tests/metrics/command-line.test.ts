import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { config, SERVER, writeApp } from "../cli/fixtures.ts";
import { ElpisHome } from "../support/elpis.ts";
import { ask } from "../support/http.ts";
import { freePort } from "../support/port.ts";
import { until } from "../support/wait.ts";

interface Groups {
  readonly groups: ReadonlyArray<{ readonly group: string; readonly names: number }>;
}
interface Points {
  readonly points: ReadonlyArray<{ readonly name: string; readonly count?: number }>;
}

let home: ElpisHome;
let dir: string;

beforeEach(async () => {
  home = await ElpisHome.create();
  dir = join(home.dir, "work");
});
afterEach(() => home.remove());

async function start(settings: string): Promise<number> {
  const port = await freePort();
  await writeApp(dir, {
    "elpis.config.mjs": settings.replace("@port@", String(port)),
    "server.mjs": SERVER,
  });
  await symlink(
    fileURLToPath(new URL("../../node_modules", import.meta.url)),
    join(dir, "node_modules"),
  );
  expect((await home.run(["start"], { cwd: dir })).code).toBe(0);
  return port;
}

describe("elpis metrics", () => {
  test("shows what the plugin has, by group", async () => {
    const port = await start(`import { metrics } from "@elpis/metrics";
      export default { name: "shop", plugins: [metrics({ intervalMs: 500 })],
        processes: { web: { entry: "./server.mjs", ready: "listen", env: { PORT: "@port@" } } } };`);
    await ask(`http://127.0.0.1:${port}/`);
    const found = await until("the request to be counted", async () => {
      const answer = await home.json<Points>(["metrics", "--group", "http"], { cwd: dir });
      return answer.points.find(({ name }) => name === "http.server.request.duration");
    });
    expect(found.count).toBe(1);
    const { groups } = await home.json<Groups>(["metrics", "--groups"], { cwd: dir });
    expect(groups.map(({ group }) => group)).toEqual(
      expect.arrayContaining(["http", "hub", "node", "process", "system"]),
    );
    const { stdout } = await home.run(["metrics", "--group", "http"], { cwd: dir });
    expect(stdout).toMatch(/^name +process +tags +value +unit/);
    expect(stdout).toMatch(/http\.server\.request\.duration +web +http\.request\.method=GET/);
  });

  test("says what to do where there is no such plugin", async () => {
    await start(
      config({
        name: "shop",
        processes: { web: { entry: "./server.mjs", ready: "listen", env: { PORT: "@port@" } } },
      }),
    );
    const { code, stderr } = await home.run(["metrics", "--groups"], { cwd: dir });
    expect(code).toBe(2);
    expect(stderr).toContain('shop runs without the plugin "metrics"');
  });
});
