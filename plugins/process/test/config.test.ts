import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { definePlugin } from "@elpis/api";
import { describe, expect, it } from "vitest";
import type { ConfigProblem } from "../src/errors.ts";
import { type AppConfig, defineConfig, resolveConfig } from "../src/index.ts";
import { failure, makeDir } from "./support.ts";

const FILES = { "web.js": "", "jobs.ts": "", "agent.mjs": "", "sub/x": "" };

function resolveIn(dir: string, config: unknown) {
  return resolveConfig(config as AppConfig, { file: join(dir, "elpis.config.ts"), dir });
}

async function problemsOf(config: unknown): Promise<readonly ConfigProblem[]> {
  const dir = makeDir(FILES);
  const error = await failure(() => resolveIn(dir, config));
  expect(error.code).toBe("ELPIS_CONFIG_INVALID");
  expect(error.message).toContain(join(dir, "elpis.config.ts"));
  const problems = error.details.problems as ConfigProblem[];
  for (const { path, message } of problems) expect(error.message).toContain(`${path}: ${message}`);
  return problems;
}

describe("a configuration that is right", () => {
  it("gets every default", () => {
    const dir = makeDir({ ...FILES, "package.json": '{"name":"@acme/shop"}' });
    const definition = resolveIn(dir, defineConfig({ processes: { web: "./web.js" } }));
    expect(definition).toEqual({
      name: "shop",
      dir,
      file: join(dir, "elpis.config.ts"),
      plugins: [],
      services: [],
      groups: [],
      survive: false,
      env: {},
      hub: {},
      processes: [
        {
          name: "web",
          role: "worker",
          entry: join(dir, "web.js"),
          scale: 1,
          order: 0,
          dependsOn: [],
          env: {},
          args: [],
          nodeArgs: [],
          cwd: dir,
          ready: "module",
          readyTimeoutMs: 30_000,
          stopTimeoutMs: 10_000,
          restart: {
            intensity: 5,
            periodMs: 10_000,
            minDelayMs: 100,
            maxDelayMs: 30_000,
            stableAfterMs: 10_000,
            stopCodes: [],
            retryAfterMs: 60_000,
          },
          envFiles: [],
          liveness: { intervalMs: 1000 },
          uncaught: "replace",
          balance: { kind: "kernel" },
          reload: { batch: 1, overlap: true },
          services: [],
        },
      ],
    });
  });

  it("keeps what is given", () => {
    const dir = makeDir(FILES);
    const plugin = definePlugin({ name: "p", roles: ["master"], setup() {} })();
    const definition = resolveIn(dir, {
      name: "shop",
      agent: { entry: "./agent", env: { B: "agent" } },
      env: { A: "1", B: "app" },
      plugins: [plugin],
      processes: {
        web: {
          entry: "web",
          scale: "auto",
          order: -1,
          ready: "listen",
          readyTimeout: "1m",
          stopTimeout: 0,
          args: ["--a"],
          nodeArgs: ["--expose-gc"],
          cwd: "sub",
          restart: { intensity: 0, period: "2s", minDelay: 1, maxDelay: 1, stableAfter: "1s" },
        },
        ocr: { command: ["python3", "ocr.py"], dependsOn: ["web", "agent"], restart: false },
      },
    });
    const [agent, web, ocr] = definition.processes;
    expect(definition.plugins).toEqual([plugin]);
    expect(agent).toMatchObject({
      name: "agent",
      role: "agent",
      scale: 1,
      env: { A: "1", B: "agent" },
    });
    expect(agent?.entry).toBe(join(dir, "agent.mjs"));
    expect(web).toMatchObject({
      scale: availableParallelism(),
      order: -1,
      ready: "listen",
      readyTimeoutMs: 60_000,
      stopTimeoutMs: 0,
      cwd: join(dir, "sub"),
      restart: {
        intensity: 0,
        periodMs: 2000,
        minDelayMs: 1,
        maxDelayMs: 1,
        stableAfterMs: 1000,
        stopCodes: [],
        retryAfterMs: 60_000,
      },
    });
    expect(ocr).toMatchObject({ command: ["python3", "ocr.py"], ready: "spawn", restart: false });
    expect(ocr?.entry).toBeUndefined();
  });

  it("is named after its directory when there is no package, with what a name may have", () => {
    const dir = makeDir({ "my shop é/web.js": "" });
    expect(resolveIn(join(dir, "my shop é"), { processes: { web: "web.js" } }).name).toBe(
      "my-shop",
    );
    const broken = makeDir({ ...FILES, "package.json": "{" });
    expect(resolveIn(broken, { processes: { web: "web.js" } }).name).toBe(basename(broken));
  });

  it("takes a process named agent for the agent", () => {
    const dir = makeDir(FILES);
    const { processes } = resolveIn(dir, { processes: { web: "web.js", agent: "agent.mjs" } });
    expect(processes.map(({ name, role }) => [name, role])).toEqual([
      ["agent", "agent"],
      ["web", "worker"],
    ]);
  });
});

describe("a configuration that is wrong", () => {
  const web = (rest: object): unknown => ({ processes: { web: { entry: "web.js", ...rest } } });
  const cases: ReadonlyArray<[unknown, string, string]> = [
    [undefined, "default export", "an object (see defineConfig) or a function, got nothing"],
    [[], "default export", "got []"],
    [{}, "processes", "expected at least one process"],
    [{ processes: [] }, "processes", "an object of processes by name"],
    [{ ...(web({}) as object), name: "a/b" }, "name", 'letter or digit, got "a/b"'],
    [
      { ...(web({}) as object), proceses: 1 },
      "proceses",
      'unknown key (did you mean "processes"?); known are name, agent',
    ],
    [{ ...(web({}) as object), agent: 5 }, "agent", "or a text that is its entry, got 5"],
    [
      { ...(web({}) as object), agent: { entry: "agent.mjs", scale: 2 } },
      "agent.scale",
      "unknown key",
    ],
    [
      { agent: "agent.mjs", processes: { agent: "agent.mjs" } },
      "processes.agent",
      "the agent is declared twice",
    ],
    [{ ...(web({}) as object), env: { A: 1 } }, "env.A", "expected a text, got 1"],
    [{ ...(web({}) as object), env: [] }, "env", "expected an object of texts, got []"],
    [{ ...(web({}) as object), plugins: {} }, "plugins", "an array of plugins"],
    [{ ...(web({}) as object), plugins: [() => 1] }, "plugins[0]", "(call it: what it returns"],
    [{ processes: { "a b": "web.js" } }, "processes.a b", "expected a name of at most 64"],
    [{ processes: { Master: "web.js" } }, "processes.Master", "is that of the master itself"],
    [{ processes: { web: null } }, "processes.web", "or a text that is its entry, got null"],
    [{ processes: { web: {} } }, "processes.web", "exactly one of entry and command, got neither"],
    [web({ command: ["x"] }), "processes.web", "exactly one of entry and command, got both"],
    [web({ entry: "" }), "processes.web.entry", 'a text that is not empty, got ""'],
    [web({ entry: "gone.js" }), "processes.web.entry", 'gone.js), got "gone.js"'],
    [web({ entry: "sub" }), "processes.web.entry", 'got "sub"'],
    [
      { processes: { web: { command: [] } } },
      "processes.web.command",
      "begins with a program, got []",
    ],
    [{ processes: { web: { command: "ls" } } }, "processes.web.command", 'got "ls"'],
    [
      { processes: { web: { command: ["ls"], ready: "listen" } } },
      "processes.web.ready",
      "goes with entry only",
    ],
    [
      { processes: { web: { command: ["ls"], nodeArgs: [] } } },
      "processes.web.nodeArgs",
      "goes with entry only",
    ],
    [web({ scale: "2" }), "processes.web.scale", 'from 0 to 1024, or "auto", got "2"'],
    [web({ scale: 1.5 }), "processes.web.scale", "got 1.5"],
    [web({ scale: -1 }), "processes.web.scale", "got -1"],
    [web({ order: "1" }), "processes.web.order", 'got "1"'],
    [web({ dependsOn: "x" }), "processes.web.dependsOn", 'an array of texts, got "x"'],
    [
      web({ dependsOn: ["x"] }),
      "processes.web.dependsOn",
      'names of other processes (web), got "x"',
    ],
    [web({ dependsOn: ["web"] }), "processes.web.dependsOn", "goes in a circle: web -> web"],
    [web({ args: [1] }), "processes.web.args", "an array of texts, got [1]"],
    [web({ cwd: "gone" }), "processes.web.cwd", "a directory"],
    [
      web({ ready: "soon" }),
      "processes.web.ready",
      '"listen", "module", "message" or a probe, got "soon"',
    ],
    [web({ readyTimeout: "soon" }), "processes.web.readyTimeout", "a time span of at least 1 ms"],
    [web({ readyTimeout: 0 }), "processes.web.readyTimeout", "got 0"],
    [web({ stopTimeout: -1 }), "processes.web.stopTimeout", "got -1"],
    [web({ restart: true }), "processes.web.restart", "an object or false, got true"],
    [
      web({ restart: { times: 3 } }),
      "processes.web.restart.times",
      "unknown key; known are intensity",
    ],
    [web({ restart: { intensity: -1 } }), "processes.web.restart.intensity", "at least 0, got -1"],
    [
      web({ restart: { minDelay: "2s", maxDelay: "1s" } }),
      "processes.web.restart.maxDelay",
      "is 1000 ms, less than minDelay (2000 ms)",
    ],
  ];

  it.each(cases)("%j: %s", async (config, path, message) => {
    const problems = await problemsOf(config);
    const found = problems.find((problem) => problem.path === path);
    expect(found?.message).toContain(message);
  });

  it("is told everything at once", async () => {
    const problems = await problemsOf({
      nam: 1,
      processes: { web: { entry: "gone.js", scale: 0.5 }, jobs: { ready: 1 } },
    });
    expect(problems.map(({ path }) => path)).toEqual([
      "nam",
      "processes.web.entry",
      "processes.web.scale",
      "processes.jobs",
      "processes.jobs.ready",
    ]);
  });
});

describe("plugins of an agent that nobody declared", () => {
  const plugin = (roles: readonly ("agent" | "worker" | "master")[], agent?: "optional") =>
    definePlugin({ name: "guest", roles, setup() {}, ...(agent !== undefined && { agent }) })();
  const names = (config: object): string[] =>
    resolveIn(makeDir(FILES), { processes: { web: "./web.js" }, ...config }).processes.map(
      ({ name }) => name,
    );

  it("start one that has nothing else to do, first of all", () => {
    expect(names({ plugins: [plugin(["agent", "worker"])] })).toEqual(["agent", "web"]);
    const [agent] = resolveIn(makeDir(FILES), {
      processes: { web: "./web.js" },
      plugins: [plugin(["agent"])],
    }).processes;
    expect(agent).toMatchObject({ role: "agent", scale: 1, ready: "module" });
    expect(basename(agent?.entry as string)).toBe("services-entry.js");
  });

  it("do not where none runs there, or would be there for its own sake", () => {
    expect(names({})).toEqual(["web"]);
    expect(names({ plugins: [plugin(["worker", "master"])] })).toEqual(["web"]);
    expect(names({ plugins: [plugin(["agent", "worker"], "optional")] })).toEqual(["web"]);
  });

  it("run in the one that is declared, which then needs no entry", () => {
    const plugins = [plugin(["agent"])];
    const declared = { processes: { web: "./web.js" }, agent: "./agent.mjs", plugins };
    const dir = makeDir(FILES);
    expect(resolveIn(dir, declared).processes[0]?.entry).toBe(join(dir, "agent.mjs"));
    const bare = { processes: { web: "./web.js" }, agent: { env: { A: "1" } }, plugins };
    expect(resolveIn(dir, bare).processes[0]?.env).toEqual({ A: "1" });
  });

  it("are not enough of an application", async () => {
    const problems = await problemsOf({ processes: {}, plugins: [plugin(["agent"])] });
    expect(problems.map(({ path }) => path)).toEqual(["processes"]);
  });
});
