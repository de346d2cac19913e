import { readFileSync } from "node:fs";
import { join } from "node:path";
import { hasCode } from "@elpis/api";
import { explainConfig, loadConfig } from "@elpis/process";
import { expect, it, vi } from "vitest";
import { isAlive, makeDir, waitFor } from "./support.ts";

const CONFIG = 'export default { name: "test", processes: { web: "./web.js" } };';

async function failure(task: Promise<unknown>): Promise<Error & { code?: string }> {
  try {
    await task;
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}

it("leaves nothing of a configuration in this process", async () => {
  const dir = makeDir({
    "elpis.config.mjs": `globalThis.polluted = true; process.env.POLLUTED = "1"; setInterval(() => {}, 1000);
      process.on("uncaughtException", () => {}); process.chdir("/"); ${CONFIG}`,
    "web.js": "",
  });
  const listeners = process.listenerCount("exit");
  const definition = await loadConfig({ path: dir });
  expect(definition).toMatchObject({ name: "test", dir, processes: [{ name: "web" }] });
  expect([Reflect.get(globalThis, "polluted"), process.env.POLLUTED]).toEqual([
    undefined,
    undefined,
  ]);
  expect(process.listenerCount("exit")).toBe(listeners);
});

it("gives the same as an evaluation in this process", async () => {
  const dir = makeDir({
    "package.json": '{ "elpis": { "env": { "A": "1" } } }',
    "procfile.cjs": `module.exports = (elpis) => {
      class Log { static dependencies = ["cache"]; }
      elpis.process("web").scale(2).entry("./web.js").memoryLimit("1gb").restart(false);
      elpis.process("idle");
      elpis.service("log", Log).process("web").dependency("db");
      elpis.service("cache", "./web.js").process("background").config(() => ({ at: new Date() }));
      elpis.service("db", "./web.js").process("background").publish();
      elpis.service("gone", "./web.js").drop();
    };`,
    "web.js": "module.exports = class {}",
  });
  const [child, here] = await Promise.all([
    loadConfig({ path: dir }),
    loadConfig({ path: dir, evaluate: "here" }),
  ]);
  expect(child).toEqual(here);
  expect(child.processes.map(({ name, services }) => [name, ...services])).toEqual([
    ["background", "cache", "db"],
    ["web", "log"],
  ]);
  expect(child.services[0]?.dependsOn).toEqual(["db", "cache"]);
  expect(await explainConfig({ path: dir })).toEqual(
    await explainConfig({ path: dir, evaluate: "here" }),
  );
});

it.each([
  [
    "throws",
    'console.log("before"); throw new TypeError("no disk");',
    /could not be loaded: no disk\nIt wrote:\n {2}before$/,
  ],
  [
    "ends the process",
    'console.error("I go"); process.exit(7);',
    /ended before it was done \(exit code 7\)\nIt wrote:\n {2}I go$/,
  ],
  [
    "never comes to an end",
    "await new Promise(() => {});",
    /ended before it was done \(exit code 13\)|took longer/,
  ],
])("says what a file wrote that %s", async (_, text, message) => {
  const dir = makeDir({ "elpis.config.mjs": text });
  const error = await failure(loadConfig({ path: dir, timeoutMs: 6000 }));
  expect(error.code).toBe("ELPIS_CONFIG_LOAD_FAILED");
  expect(error.message).toContain(dir);
  expect(error.message).toMatch(message);
});

const BUSY = `import { writeFileSync } from "node:fs";
  writeFileSync(new URL("pid", import.meta.url), String(process.pid));
  for (;;);`;

it("kills a child that takes too long, also one that cannot hear anything", async () => {
  const dir = makeDir({ "elpis.config.mjs": BUSY });
  const error = await failure(loadConfig({ path: dir, timeoutMs: 3000 }));
  expect(error.message).toContain("it took longer than 3000 ms");
  const pid = Number(readFileSync(join(dir, "pid"), "utf8"));
  await waitFor("the end of the child", () => !isAlive(pid));
});

it("kills the child when it is told to give up", async () => {
  const dir = makeDir({ "elpis.config.mjs": BUSY });
  const giveUp = new AbortController();
  const loading = failure(loadConfig({ path: dir, signal: giveUp.signal }));
  const pid = await waitFor("the child", () => {
    try {
      return Number(readFileSync(join(dir, "pid"), "utf8"));
    } catch {
      return undefined;
    }
  });
  giveUp.abort();
  expect((await loading).name).toBe("AbortError");
  await waitFor("the end of the child", () => !isAlive(pid));
});

it("loads plugins here only where the master has some", async () => {
  const plugins = (role: string): string =>
    `import { definePlugin } from "@elpis/api";
     globalThis.evaluatedFor = ${JSON.stringify(role)};
     const plugin = definePlugin({ name: "p", roles: [${JSON.stringify(role)}], setup() {} });
     export default { name: "test", processes: { web: "./web.js" }, plugins: [plugin()] };`;
  const worker = await loadConfig({
    path: makeDir({ "elpis.config.mjs": plugins("worker"), "web.js": "" }),
  });
  expect([worker.plugins, worker.reading?.pluginRoles]).toEqual([[], ["worker"]]);
  expect(Reflect.get(globalThis, "evaluatedFor")).toBeUndefined();
  const master = await loadConfig({
    path: makeDir({ "elpis.config.mjs": plugins("master"), "web.js": "" }),
  });
  expect(master.plugins.map((use) => use.definition.name)).toEqual(["p"]);
});

it("refuses bad options of a plugin whatever process it is for", async () => {
  const dir = makeDir({
    "elpis.config.mjs": `import { definePlugin, object } from "@elpis/api";
      const plugin = definePlugin({ name: "p", roles: ["worker"], options: object({ n: "number" }), setup() {} });
      export default { processes: { web: "./web.js" }, plugins: [plugin({ n: "x" })] };`,
    "web.js": "",
  });
  const error = await failure(loadConfig({ path: dir }));
  expect(hasCode(error, "ELPIS_PLUGIN_OPTIONS")).toBe(true);
});

it("tells problems as they are, and what a file wrote goes to stderr when all is well", async () => {
  const wrong = makeDir({ "elpis.config.mjs": "export default { processes: { web: 5 } };" });
  const error = await failure(loadConfig({ path: wrong }));
  expect(error).toMatchObject({
    code: "ELPIS_CONFIG_INVALID",
    details: { problems: [{ path: "processes.web" }] },
  });
  const noisy = makeDir({ "elpis.config.mjs": `console.log("noise"); ${CONFIG}`, "web.js": "" });
  const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  try {
    await loadConfig({ path: noisy });
    expect(write.mock.calls.map(([text]) => String(text)).join("")).toBe("noise\n");
  } finally {
    write.mockRestore();
  }
});
