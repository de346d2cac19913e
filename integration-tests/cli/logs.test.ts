import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { encodeJson, encodeText } from "@elpis/logs/files";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ElpisHome } from "../support/elpis.ts";
import { until } from "../support/wait.ts";
import { config, writeApp } from "./fixtures.ts";

const API = new URL("../../packages/api/dist/index.js", import.meta.url).href;

/** Prints lines of several kinds, and goes on. */
const TALKER = `
console.log("GET /price 200");
console.error("ERROR: no such host");
console.log(JSON.stringify({ level: 40, msg: "disk nearly full" }));
console.log("plain");
setInterval(() => {}, 1000);
`;

let home: ElpisHome;
let dir: string;

beforeEach(async () => {
  home = await ElpisHome.create();
  dir = await writeApp(join(home.dir, "work"), {
    "elpis.config.mjs": config({
      name: "talk",
      processes: { talker: { entry: "./talker.mjs", scale: 2 } },
    }),
    "talker.mjs": TALKER,
  });
});

afterEach(async () => {
  await home?.remove();
});

async function texts(...args: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await home.run(["logs", "talk", "--json", ...args]);
  expect([code, stderr]).toEqual([0, ""]);
  return stdout
    .split("\n")
    .flatMap((line) => (line === "" ? [] : (JSON.parse(line).text as string)));
}

async function started(): Promise<void> {
  expect((await home.run(["start"], { cwd: dir })).code).toBe(0);
  await until("both to have said all", async () => (await texts("--grep", "^plain$")).length === 2);
}

describe("of what was printed, only what is asked for", () => {
  beforeEach(started);

  test("by stream, level, regular expression, process and time", async () => {
    const master = "--process=talker";
    expect(await texts(master, "--stream", "stderr")).toEqual(Array(2).fill("ERROR: no such host"));
    expect((await texts(master, "--level", "warn")).sort()).toEqual([
      ...Array(2).fill("ERROR: no such host"),
      ...Array(2).fill('{"level":40,"msg":"disk nearly full"}'),
    ]);
    expect(await texts("--process", "talker.1", "--grep", "price|host")).toHaveLength(2);
    expect(await texts(master, "--grep", "price", "--stream", "stderr")).toEqual([]);
    expect(await texts(master, "--since", "1h")).toHaveLength(8);
    expect(await texts(master, "--since", "1h", "-n", "3")).toHaveLength(3);
    expect(await texts(master, "--since", "2999-01-01")).toEqual([]);
  });

  test("--json has the level where a line tells one", async () => {
    const { stdout } = await home.run([
      "logs",
      "talk",
      "--json",
      "--process",
      "talker.0",
      "--grep",
      "ERROR|plain",
    ]);
    const lines = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).toEqual(
      expect.arrayContaining([
        {
          ...{ time: expect.any(Number), process: "talker", index: 0, pid: expect.any(Number) },
          ...{ stream: "stderr", level: "error", text: "ERROR: no such host" },
        },
        expect.not.objectContaining({ level: expect.anything() }),
      ]),
    );
    expect(lines).toHaveLength(2);
  });

  test("-f, too, over a restart", async () => {
    const follow = home.spawn(["logs", "talk", "-f", "-n", "0", "--level", "error", "--json"]);
    // It is there when it has opened what it follows; whatever it prints comes after that.
    await until(
      "the next lines",
      async () => {
        expect((await home.run(["restart", "talk"])).code).toBe(0);
        return follow.stdout().includes("no such host");
      },
      60_000,
    );
    follow.child.kill("SIGINT");
    expect((await follow.finished).code).toBe(0);
    expect(follow.stdout()).not.toContain("plain");
  });

  test("also when it has stopped", async () => {
    expect((await home.run(["stop", "talk"])).code).toBe(0);
    expect(await texts("--level", "error", "--process", "talker")).toHaveLength(2);
  });
});

test.each([
  [["--grep", "("], "--grep ("],
  [["--since", "yesterday"], "--since yesterday"],
  [["--level", "loud"], "loud"],
  [["--stream", "stdin"], "stdin"],
  [["--lines", "-1"], "-1"],
  [["--rotate", "--reopen"], "--reopen"],
])("%j is wrong", async (args, named) => {
  const { code, stdout, stderr } = await home.run(["logs", "talk", ...args]);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toContain(named);
});

describe("an app without the plugin", () => {
  beforeEach(started);

  test.each(["--rotate", "--reopen"])("%s names it", async (option) => {
    const { code, stderr } = await home.run(["logs", "talk", option]);
    expect(code).toBe(2);
    expect(stderr).toContain('without the plugin "logs"');
    expect(await home.json(["logs", "talk", option])).toMatchObject({
      error: { code: "ELPIS_CLI_NO_PLUGIN", details: { app: "talk", plugin: "logs" } },
    });
  });
});

test("--rotate and --reopen ask the plugin, and say how many files it were", async () => {
  await writeApp(dir, {
    "elpis.config.mjs": `
      import { definePlugin } from ${JSON.stringify(API)};
      const logs = definePlugin({ name: "logs", roles: ["master"], setup(host) {
        host.hub.handle("elpis.logs.rotate", () => ({ files: 2 }));
        host.hub.handle("elpis.logs.reopen", () => ({ files: 1 }));
      } });
      export default { name: "talk", processes: { talker: "./talker.mjs" }, plugins: [logs()] };`,
  });
  expect((await home.run(["start"], { cwd: dir })).code).toBe(0);
  const rotated = await home.run(["logs", "talk", "--rotate"]);
  expect([rotated.code, rotated.stderr]).toEqual([0, "elpis: 2 files of talk put aside\n"]);
  const reopened = await home.run(["logs", "--reopen"], { cwd: dir });
  expect([reopened.code, reopened.stderr]).toEqual([0, "elpis: 1 file of talk opened anew\n"]);
  expect(await home.json(["logs", "talk", "--rotate"])).toEqual({
    app: "talk",
    wish: "rotate",
    files: 2,
  });
  expect((await home.run(["logs", "nobody", "--rotate"])).code).toBe(5);
});

describe("an app whose logs are kept by the plugin", () => {
  const line = (
    second: number,
    process: string,
    text: string,
  ): Parameters<typeof encodeText>[0] => ({
    ...{ time: second * 1000, process, index: 0, pid: 1, stream: "stdout", text },
  });

  beforeEach(async () => {
    const kept = await writeApp(join(home.dir, "kept"), {
      "web.log": encodeText(line(5, "web", "5")) + encodeText(line(7, "web", "7")),
      "web.log.1": encodeText(line(3, "web", "3")),
      "jobs.log": encodeJson(line(2, "jobs", "2")) + encodeJson(line(6, "jobs", "ERROR: 6")),
    });
    await writeFile(join(kept, "web.log.2.gz"), gzipSync(encodeText(line(1, "web", "1"))));
    const files = ["web", "jobs"].map((name) => join(kept, `${name}.log`));
    const runtime = join(home.dir, "talk", "logs");
    await mkdir(runtime, { recursive: true, mode: 0o700 });
    await writeFile(join(runtime, "talk.log"), encodeText(line(4, "master", "4")));
    const place = { dir: kept, pattern: "{process}.log", format: "text", files };
    await writeFile(join(runtime, "where.json"), JSON.stringify(place));
  });

  test("its files and what the master said are one, by time, of whatever format, put aside or not", async () => {
    expect(await texts()).toEqual(["1", "2", "3", "4", "5", "ERROR: 6", "7"]);
    expect(await texts("-n", "3")).toEqual(["5", "ERROR: 6", "7"]);
    expect(await texts("--process", "web")).toEqual(["1", "3", "5", "7"]);
    expect(await texts("--process", "master")).toEqual(["4"]);
    expect(await texts("--level", "info")).toEqual(["ERROR: 6"]);
    expect(await texts("--since", "1970-01-01T00:00:05Z")).toEqual(["5", "ERROR: 6", "7"]);
  });

  test("is followed in all of them, also when they are put aside", async () => {
    const follow = home.spawn(["logs", "talk", "-f", "-n", "1"]);
    await follow.printed("| 7\n");
    const web = join(home.dir, "kept", "web.log");
    await rename(web, `${web}.1`);
    await writeFile(web, encodeText(line(8, "web", "eight")));
    await follow.printed("| eight\n");
    await writeFile(join(home.dir, "kept", "jobs.log"), encodeJson(line(9, "jobs", "nine")));
    await follow.printed("| nine\n");
    follow.child.kill("SIGINT");
    expect((await follow.finished).code).toBe(0);
  });
});
