import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { httpBackend } from "@elpis/testing";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { SERVER, writeApp } from "../cli/fixtures.ts";
import { ElpisHome } from "../support/elpis.ts";
import { ask } from "../support/http.ts";
import { freePort } from "../support/port.ts";
import { until } from "../support/wait.ts";

const NAME = "http.server.responses";

interface Status {
  readonly name: string;
  readonly pid: number;
}

let home: ElpisHome;
let dir: string;

beforeEach(async () => {
  home = await ElpisHome.create();
  dir = join(home.dir, "work");
});
afterEach(() => home.remove());

test("an agent that is reloaded hands over: what is counted meanwhile is told once", async () => {
  const backend = await httpBackend<string>({ options: (url) => url });
  onTestFinished(() => backend.close());
  const port = await freePort();
  await writeApp(dir, {
    "server.mjs": SERVER,
    "agent.mjs": "",
    "acme.mjs": `import { checkAnswer, defineReporter } from "@elpis/api";
      export const acme = defineReporter({ name: "acme", open: ({ url }) => ({
        wants: { signals: ["metrics"], temporality: "delta", intervalMs: 200 },
        report: async ({ points }, { signal }) => {
          const body = JSON.stringify({ pid: process.pid, points: points.filter(({ name }) => name === "${NAME}") });
          await checkAnswer(await fetch("${backend.url}", { method: "POST", body, signal }));
        },
      }) });`,
    "elpis.config.mjs": `import { metrics } from "@elpis/metrics";
      import { acme } from "./acme.mjs";
      export default { name: "shop", agent: "./agent.mjs", plugins: [metrics({ intervalMs: 100 }), acme()],
        processes: { web: { entry: "./server.mjs", scale: 2, ready: "listen", env: { PORT: "${port}" } } } };`,
  });
  const modules = fileURLToPath(new URL("../../node_modules", import.meta.url));
  await symlink(modules, join(dir, "node_modules"));
  expect((await home.run(["start"], { cwd: dir })).code).toBe(0);
  const reports = (): { pid: number; points: { value: number }[] }[] =>
    backend.requests.map(({ body }) => JSON.parse(body.toString()));
  const told = (): number =>
    reports()
      .flatMap(({ points }) => points)
      .reduce((sum, { value }) => sum + value, 0);
  const agent = async (): Promise<number> => {
    const { processes } = await home.json<{ processes: Status[] }>(["ps", "shop"], { cwd: dir });
    return processes.find(({ name }) => name === "agent")?.pid ?? 0;
  };
  await ask(`http://127.0.0.1:${port}/`);
  await until("the first one to be told", () => told() === 1);
  let asked = 1;
  for (let round = 0; round < 3; round += 1) {
    const before = await agent();
    const reload = home.run(["reload", "--process", "agent"], { cwd: dir });
    let isOver = false;
    void reload.then(() => {
      isOver = true;
    });
    while (!isOver) {
      await ask(`http://127.0.0.1:${port}/`);
      asked += 1;
    }
    expect((await reload).code, (await reload).stderr).toBe(0);
    const after = await agent();
    expect(after).not.toBe(before);
    await ask(`http://127.0.0.1:${port}/`);
    asked += 1;
    await until("the new one to tell", () =>
      reports().some(({ pid, points }) => pid === after && points.length > 0),
    );
  }
  await until("the last ones", () => told() > asked * 0.85);
  // What a new agent cannot know to be untold it leaves out: never the other way round.
  expect(told()).toBeLessThanOrEqual(asked);
});
