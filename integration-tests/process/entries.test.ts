import { createMaster, loadConfig } from "@elpis/process";
import { expect, it } from "vitest";
import { type App, makeApp, makeDir, SILENT, waitFor } from "./support.ts";

const REPORT = `
console.log(JSON.stringify({
  argv: process.argv.slice(2),
  execArgv: process.execArgv,
  joining: Object.keys(process.env).filter((name) => name.startsWith("ELPIS_")).sort(),
  own: process.env.OWN,
  cwd: process.cwd(),
}));
`;
const LATE = "await new Promise((resolve) => setTimeout(resolve, 200)); console.log('late');";

/** Starts one process and gives what it wrote until it was ready. */
async function run(file: string, text: string, more: object = {}): Promise<App> {
  const app = makeApp({ [file]: text }, { processes: { main: { entry: file, ...more } } });
  await app.master.start();
  return app;
}

it.each([
  ["an ECMAScript module", "main.mjs", LATE],
  [
    "TypeScript with a top-level await",
    "main.mts",
    `const x: number = 1; ${LATE} export type X = typeof x;`,
  ],
])("%s is ready when its top-level await is done", async (_, file, text) => {
  const app = await run(file, text);
  await waitFor("its last line", () => app.said("main").includes("late"));
  const ready = app.changes.find(({ state }) => state === "ready");
  const late = app.lines.find((line) => line.text === "late");
  expect(late).toBeDefined();
  expect(ready?.uptimeMs).toBeGreaterThan(200);
});

it.each(["main.cjs", "main.js"])("a CommonJS entry (%s) is the main module", async (file) => {
  const app = await run(
    file,
    "console.log(require.main === module, process.mainModule === module);",
  );
  await waitFor("its line", () => app.said("main").length > 0);
  expect(app.said("main")).toEqual(["true true"]);
});

it("TypeScript imports TypeScript, and the packages", async () => {
  const app = makeApp(
    {
      "package.json": '{"type":"module"}',
      "main.ts":
        'import { twice } from "./lib.ts";\nimport { hub } from "@elpis/core/process";\nconst name: string = hub.location.name; console.log(name, twice(21));',
      "lib.ts": "export function twice(value: number): number { return value * 2; }",
    },
    { processes: { main: "main.ts" } },
  );
  await app.master.start();
  await waitFor("its line", () => app.said("main").length > 0);
  expect(app.said("main")).toEqual(["main 42"]);
});

it("a process sees its arguments and environment, and nothing that would mislead its children", async () => {
  const app = await run("main.mjs", REPORT, {
    args: ["--port", "a b"],
    nodeArgs: ["--no-warnings"],
    env: { OWN: "yes" },
  });
  const [line] = await waitFor("its line", () => app.said("main").length > 0 && app.said("main"));
  const seen = JSON.parse(line as string) as { joining: string[] };
  // What this test was itself started with is passed on like everything else.
  const joining = seen.joining.filter((name) => process.env[name] === undefined);
  expect({ ...seen, joining }).toEqual({
    argv: ["--port", "a b"],
    execArgv: ["--no-warnings"],
    joining: ["ELPIS_APP", "ELPIS_PROCESS_INDEX", "ELPIS_PROCESS_NAME"],
    own: "yes",
    cwd: app.dir,
  });
});

it("a child that a process forks is no worker", async () => {
  const app = makeApp(
    {
      "main.mjs": 'import { fork } from "node:child_process"; fork("./child.mjs");',
      "child.mjs":
        'import { isJoined } from "@elpis/core/process"; console.log("child", isJoined(), process.execArgv.length);',
    },
    { processes: { main: "main.mjs" } },
  );
  await app.master.start();
  await waitFor("the child", () => app.said("main").length > 0);
  expect(app.said("main")).toEqual(["child false 0"]);
});

it.each([
  ["hub", 'import { hub } from "@elpis/core/process"; setTimeout(() => hub.setReady(true), 150);'],
  ["channel", 'setTimeout(() => process.send("ready"), 150);'],
])("a process says over the %s that it is ready", async (_, text) => {
  const app = await run("main.mjs", `${text} setInterval(() => {}, 1000);`, { ready: "message" });
  expect(app.changes.find(({ state }) => state === "ready")?.uptimeMs).toBeGreaterThan(150);
});

it("an entry that throws is reported as Node reports it", async () => {
  const app = makeApp(
    { "main.mjs": 'await 1; throw new Error("boom");' },
    { processes: { main: "main.mjs" } },
  );
  await expect(app.master.start()).rejects.toThrow(
    /exit code 1[\s\S]*Error: boom[\s\S]*main\.mjs:1/,
  );
});

it.each(["", "() => "])(
  "plugins of a configuration (%sobject) run in the processes of their role",
  async (prefix) => {
    const dir = makeDir({
      "elpis.config.mjs": `
      import { definePlugin } from "@elpis/api";
      const tell = definePlugin({
        name: "tell", roles: ["worker", "agent"],
        setup(host, { text }) { console.log("plugin", host.location.name, text); host.onClose(() => console.log("plugin closed")); },
      });
      export default ${prefix}({ name: "plugged", agent: "./main.mjs", processes: { web: "./main.mjs" }, plugins: [tell({ text: "hi" })] });`,
      "main.mjs": 'console.log("entry"); setInterval(() => {}, 1000);',
    });
    const lines: string[] = [];
    const master = createMaster({
      config: await loadConfig({ path: dir }),
      dir: `${dir}/run`,
      log: SILENT,
      output: ({ process, text }) => void lines.push(`${process}: ${text}`),
    });
    await master.start();
    await master.stop();
    expect(lines.filter((line) => line.startsWith("web"))).toEqual([
      ...["web: plugin web hi", "web: entry", "web: plugin closed"],
    ]);
    expect(lines).toContain("agent: plugin agent hi");
  },
);

it("a CommonJS entry that threw, and was forgiven, costs nothing while it is not ready", async () => {
  const text = `process.on("uncaughtException", () => {});
    setTimeout(() => {
      const [time, cpu] = [performance.now(), process.cpuUsage()];
      setTimeout(() => {
        const { user, system } = process.cpuUsage(cpu);
        console.log("share", (user + system) / 1000 / (performance.now() - time));
      }, 500);
    }, 100);
    throw new Error("boom");`;
  const app = makeApp({ "main.cjs": text }, { processes: { main: "main.cjs" } });
  const started = app.master.start().catch((error) => error.code);
  const line = await waitFor("its share", () =>
    app.said("main").find((one) => one.startsWith("share")),
  );
  expect(Number(line.split(" ")[1])).toBeLessThan(0.3);
  await app.master.stop({ now: true });
  expect(await started).toBe("ELPIS_PROCESS_STOPPED");
});
