import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { writeApp } from "../cli/fixtures.ts";
import { ElpisHome } from "../support/elpis.ts";
import { processesOf } from "../support/processes.ts";
import { until } from "../support/wait.ts";

const PLUGIN = fileURLToPath(new URL("../../plugins/logs/dist/index.js", import.meta.url));
const CLOCK = "let n = 0; setInterval(() => console.log('line', n++), 5);";

let home: ElpisHome;
let dir: string;

beforeEach(async () => {
  home = await ElpisHome.create();
  dir = join(home.dir, "apps", "kept");
  const processes = JSON.stringify({ clock: { entry: "./clock.mjs" } });
  await writeApp(dir, {
    "clock.mjs": CLOCK,
    "elpis.config.mjs": `import { logs } from ${JSON.stringify(PLUGIN)};
export default { name: "kept", processes: ${processes}, plugins: [logs()] };`,
  });
});

afterEach(() => home.remove());

const text = () => {
  const file = join(dir, "logs", "clock.log");
  return existsSync(file) ? readFileSync(file, "utf8") : "";
};
const numbers = () => [...text().matchAll(/line (\d+)$/gm)].map(([, n]) => Number(n));

it("keeps what an application in the background prints, to the last line before it is stopped", async () => {
  expect(await home.run(["start", dir])).toMatchObject({ code: 0 });
  await until("lines", () => numbers().length > 20);
  expect(await home.run(["stop", "kept"])).toMatchObject({ code: 0 });
  expect(processesOf(home.dir)).toEqual([]);
  expect(numbers()).toEqual(numbers().map((_, at) => at));
  expect(readdirSync(join(home.dir, "kept"))).not.toContain("output-pipes");
});

it("leaves nothing behind when the master is killed, and keeps what was printed until then", async () => {
  const { stdout } = await home.run(["start", dir, "--json"]);
  const { pid } = JSON.parse(stdout).app;
  await until("lines", () => numbers().length > 20);
  process.kill(pid, "SIGKILL");
  await until("all to be gone", () => processesOf(home.dir).length === 0, 5000);
  expect(numbers()).toEqual(numbers().map((_, at) => at));
  // And the next one goes on in the same file.
  const before = numbers().length;
  expect(await home.run(["start", dir])).toMatchObject({ code: 0 });
  await until("lines again", () => numbers().length > before + 20);
  expect(await home.run(["stop", "kept"])).toMatchObject({ code: 0 });
});

it("prints to stdout in the foreground", async () => {
  const running = home.spawn(["run", dir]);
  await running.printed(/clock\.0 \| line 20/);
  running.child.kill("SIGTERM");
  expect(await running.finished).toMatchObject({ code: 0 });
  expect(existsSync(join(dir, "logs"))).toBe(false);
});
