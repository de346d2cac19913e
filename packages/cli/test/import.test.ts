import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it, onTestFinished } from "vitest";
import { importProcfile } from "../src/import/heroku.ts";
import { importDefinition } from "../src/import/import.ts";
import { importEcosystem } from "../src/import/pm2.ts";
import { splitWords } from "../src/import/words.ts";

/** What the text of a configuration is when it is run. */
function evaluate(source: string, env: Readonly<Record<string, string>> = {}): unknown {
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2023 },
  });
  const modules: Readonly<Record<string, unknown>> = {
    elpis: { defineConfig: (config: unknown) => config },
    "node:os": { availableParallelism },
  };
  const module = { exports: {} as { default?: unknown } };
  const run = new Function("exports", "require", "process", outputText);
  run(module.exports, (name: string) => modules[name], { env });
  return module.exports.default;
}

function dirWith(files: Readonly<Record<string, string>>): string {
  const dir = mkdtempSync(join(tmpdir(), "elpis-import-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  return dir;
}

describe("a Procfile", () => {
  const text = `# all of it
web: NODE_ENV=production node --max-old-space-size=300 server.js --name "a b"
worker:   node ./lib/worker
clock: bundle exec clockwork clock.rb
release: node migrate.js
sh: node loop.js && echo $PORT
what is this
`;

  it("becomes processes: entries for Node, commands for the rest, a shell where one is needed", () => {
    const { source } = importProcfile(text);
    expect(evaluate(source)).toEqual({
      processes: {
        web: {
          entry: "./server.js",
          args: ["--name", "a b"],
          nodeArgs: ["--max-old-space-size=300"],
          env: { PORT: "5000", NODE_ENV: "production" },
          ready: "listen",
        },
        worker: { entry: "./lib/worker" },
        clock: { command: ["bundle", "exec", "clockwork", "clock.rb"] },
        sh: { command: ["sh", "-c", "node loop.js && echo $PORT"] },
      },
    });
    expect(evaluate(source, { PORT: "81" })).toMatchObject({
      processes: { web: { env: { PORT: "81" } } },
    });
  });

  it("says what is not taken over", () => {
    const { notes } = importProcfile(text);
    expect(notes).toEqual([
      "release is not taken over: it runs once, before a deployment; run it there: node migrate.js",
      "line 7 is not a name and a command: what is this",
      "web gets PORT from the environment, else 5000, and is ready once it listens on it",
    ]);
    expect(importProcfile("agent: node a.js").notes).toEqual(['"agent" is now named "agent-2"']);
    expect(importProcfile("").notes).toEqual(["there is no process in it"]);
  });

  it("leaves a command alone whose entry cannot be told from the value of an option", () => {
    const { source } = importProcfile("web: node -r ./x.js app.js");
    expect(evaluate(source)).toMatchObject({
      processes: { web: { command: ["node", "-r", "./x.js", "app.js"] } },
    });
  });
});

describe("an ecosystem file of PM2", () => {
  it("carries over what a process is", () => {
    const { source, notes } = importEcosystem({
      apps: [
        {
          name: "api",
          script: "api.js",
          cwd: "./server",
          args: "--port 80 'a b'",
          node_args: ["--expose-gc"],
          instances: "max",
          exec_mode: "cluster",
          env: { A: 1, B: true, "odd-key": "x" },
          env_production: { A: "2" },
          max_memory_restart: "300M",
          min_uptime: "5s",
          max_restarts: 7,
          restart_delay: 400,
          cron_restart: "0 3 * * *",
          kill_timeout: 3000,
          listen_timeout: "8s",
          stop_exit_codes: 0,
          uid: "www",
          gid: 33,
          watch: true,
          merge_logs: true,
          unheard_of: 1,
        },
      ],
      deploy: {},
    });
    const api = {
      entry: "./server/api.js",
      cwd: "./server",
      args: ["--port", "80", "a b"],
      nodeArgs: ["--expose-gc"],
      scale: "auto",
      ready: "listen",
      env: { A: "1", B: "true", "odd-key": "x" },
      memoryLimit: "300mb",
      readyTimeout: "8s",
      stopTimeout: 3000,
      cron: "0 3 * * *",
      restart: { intensity: 7, stableAfter: "5s", minDelay: 400, maxDelay: 400, stopCodes: [0] },
      uid: "www",
      gid: 33,
    };
    expect(evaluate(source)).toEqual({ processes: { api } });
    expect(evaluate(source, { NODE_ENV: "production" })).toEqual({
      processes: { api: { ...api, env: { ...api.env, A: "2" } } },
    });
    expect(notes).toEqual([
      "api: watch is not taken over: elpis dev starts processes anew when files change",
      "api: merge_logs is not taken over: all output goes to one log, by process: elpis logs",
      "api: unheard_of is not taken over",
      'api: it is ready once it listens on a port; take ready: "listen" away if it does not',
      "api: its profiles (production) go by NODE_ENV: NODE_ENV=production elpis start",
      "api: max_restarts is now 7 restarts within restart.period (10s by default)",
      "deploy is not taken over: bringing files to machines is not part of Elpis",
    ]);
  });

  it.each<[object, object]>([
    [
      { script: "a.js", instances: 0 },
      { entry: "./a.js", scale: "auto" },
    ],
    [
      { script: "a.js", instances: "4" },
      { entry: "./a.js", scale: 4 },
    ],
    [
      { script: "a.js", instances: -1 },
      { entry: "./a.js", scale: Math.max(1, availableParallelism() - 1) },
    ],
    [{ script: "/opt/a.js" }, { entry: "/opt/a.js" }],
    [
      { script: "a.js", wait_ready: true },
      { entry: "./a.js", ready: "message" },
    ],
    [
      { script: "a.js", autorestart: false },
      { entry: "./a.js", restart: false },
    ],
    [
      { script: "a.js", exp_backoff_restart_delay: 100 },
      { entry: "./a.js", restart: { minDelay: 100, maxDelay: "15s" } },
    ],
    [{ script: "job.py", args: ["x"] }, { command: ["python3", "job.py", "x"] }],
    [{ script: "npm", args: "start" }, { command: ["npm", "start"] }],
    [{ script: "serve -s build" }, { command: ["serve", "-s", "build"] }],
    [
      { script: "a.lua", interpreter: "luajit", interpreter_args: "-O" },
      { command: ["luajit", "-O", "a.lua"] },
    ],
    [{ script: "./bin/server", interpreter: "none" }, { command: ["./bin/server"] }],
  ])("reads %j", (app, process) => {
    const { source } = importEcosystem([{ name: "one", ...app }]);
    expect(evaluate(source)).toEqual({ processes: { one: process } });
  });

  it("notes values that make no sense, and names that cannot be", () => {
    const { source, notes } = importEcosystem([
      { script: "a.js", instances: "many", kill_timeout: "soon", max_memory_restart: "lots" },
      { script: "a.js" },
      { name: "my app!", script: "b.js" },
    ]);
    expect(evaluate(source)).toEqual({
      processes: {
        a: { entry: "./a.js" },
        "a-2": { entry: "./a.js" },
        "my-app": { entry: "./b.js" },
      },
    });
    expect(notes).toEqual([
      'a: instances is "many", which is not a number: not taken over',
      'a: max_memory_restart is "lots", which is not a size: not taken over',
      'a: kill_timeout is "soon", which is not a time span: not taken over',
      '"a" is now named "a-2"',
      '"my app!" is now named "my-app"',
    ]);
  });

  const apps = '{ name: "web", script: "web.js" }';
  it.each([
    ["ecosystem.config.cjs", `module.exports = { apps: [${apps}] };`],
    ["ecosystem.config.js", `module.exports = { apps: [${apps}], dir: __dirname };`],
    ["ecosystem.config.mjs", `export default { apps: [${apps}] };`],
    ["ecosystem.json", '{ "apps": [{ "name": "web", "script": "web.js" }] }'],
    ["ecosystem.yaml", "apps:\n  - name: web\n    script: web.js\n"],
  ])("is read from %s", async (name, text) => {
    const dir = dirWith({ [name]: text, "package.json": '{ "type": "module" }' });
    const { source } = await importDefinition(join(dir, name));
    expect(evaluate(source)).toEqual({ processes: { web: { entry: "./web.js" } } });
  });

  it.each([
    ["broken.json", "{"],
    ["number.json", "1"],
    ["throws.cjs", 'throw new Error("no")'],
    ["throws.mjs", 'throw new Error("no")'],
    ["what.txt", ""],
  ])("names a file that cannot be read: %s", async (name, text) => {
    const dir = dirWith({ [name]: text });
    await expect(importDefinition(join(dir, name))).rejects.toMatchObject({
      code: "ELPIS_CLI_IMPORT",
      message: expect.stringContaining(name),
    });
    await expect(importDefinition(join(dir, "gone.json"))).rejects.toMatchObject({
      code: "ELPIS_CLI_IMPORT",
    });
  });

  it("is not led to write code that was not there", () => {
    const name = '"); process.exit(); ("';
    const { source } = importEcosystem([
      { name: "x", script: name, env: { [`...${name}`]: "1", [name]: name } },
    ]);
    expect(evaluate(source)).toMatchObject({ processes: { x: { env: { [name]: name } } } });
  });
});

describe("splitting a command line", () => {
  it.each([
    ["a  b", ["a", "b"]],
    ["a 'b c' \"d e\"", ["a", "b c", "d e"]],
    ['--x="a \\"b\\""', ['--x=a "b"']],
    ["a\\ b", ["a b"]],
    ["''", [""]],
    ["it's", ["it's"]],
    ["", []],
  ])("%j", (line, words) => {
    expect(splitWords(line)).toEqual(words);
  });
});
