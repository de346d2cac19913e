import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { loadConfig, type Procfile } from "../src/index.ts";
import { environmentName } from "../src/procfile/environment.ts";
import { evaluateProcfile } from "../src/procfile/evaluate.ts";
import { failure, makeDir } from "./support.ts";

const CONTEXT = { appName: "shop", appDir: "/app", dev: false };

async function declared(declare: (procfile: Procfile) => unknown, dev = false): Promise<object> {
  const { processes } = await evaluateProcfile(declare, "procfile.js", { ...CONTEXT, dev });
  return processes;
}

describe("a procfile", () => {
  it("declares processes by chaining, forking and clustering", async () => {
    const processes = await declared((elpis) => {
      elpis
        .process("web")
        .scale(2)
        .nodeArgs(["--expose-gc"])
        .args(["--port", "1"])
        .env({ A: "1", B: 2, C: true })
        .order(1)
        .entry("./web.js");
      elpis.fork("jobs", "./jobs.js");
      elpis.cluster("./app.js");
      elpis.cluster("./lib/app.js");
    });
    expect(processes).toEqual({
      web: {
        entry: "./web.js",
        scale: 2,
        order: 1,
        nodeArgs: ["--expose-gc"],
        args: ["--port", "1"],
        env: { A: "1", B: "2", C: "true" },
      },
      jobs: { entry: "./jobs.js" },
      worker: { entry: "./app.js", scale: "auto", ready: "listen", env: { worker: "true" } },
      app: { entry: "./lib/app.js", scale: "auto", ready: "listen" },
    });
  });

  it("reads without an argument and sets with any, 0 included", async () => {
    const processes = await declared((elpis) => {
      const web = elpis.process("web");
      expect([web.order(), web.scale(), web.entry(), web.env(), web.args()]).toEqual([
        ...[undefined, undefined, undefined, undefined, undefined],
      ]);
      expect(web.order(0).scale(0).entry("w.js")).toBe(web);
      expect([web.name(), web.order(), web.scale(), web.entry()]).toEqual(["web", 0, 0, "w.js"]);
      expect(elpis.process("web")).toBe(web);
    });
    expect(processes).toEqual({ web: { entry: "w.js", order: 0, scale: 0 } });
  });

  it("does not start what has no entry, or was dropped", async () => {
    const processes = await declared((elpis) => {
      elpis.process("idle").scale(3);
      elpis.fork("gone", "./gone.js").drop();
      elpis.fork("web", "./web.js");
    });
    expect(Object.keys(processes)).toEqual(["web"]);
  });

  it("knows the application, and whether it runs for development", async () => {
    await declared((elpis) => {
      expect([elpis.appName, elpis.appDir, elpis.dev]).toEqual(["shop", "/app", true]);
    }, true);
    expect(await declared((elpis) => elpis.process("worker").entry("w.js"))).toEqual({
      worker: { entry: "w.js", scale: "auto", env: { worker: "true" } },
    });
  });

  it("may name the agent once more with what it is anyway", async () => {
    expect(
      await declared((elpis) => elpis.process("agent").scale(1).order(0).entry("a.js")),
    ).toEqual({ agent: { entry: "a.js", env: { agent: "true" } } });
  });

  it("has every key of a process as a method", async () => {
    const processes = await declared((elpis) => {
      const web = elpis.process("web").entry("w.js").cwd("sub").readyTimeout("1m").stopTimeout(5);
      web.restart({ intensity: 1 }).envFile(".env").liveness(false).memoryLimit("1gb").maxAge("1d");
      web.maxRequests(9).cron("0 4 * * *").uncaught("exit").balance("sticky").reload({ batch: 2 });
      web.nice(1).limits({ cpu: 1 }).uid(1).gid("www").dependsOn(["jobs"]).argv(["--expose-gc"]);
      elpis.process("jobs").command(["sleep", "1"]);
      expect([web.cwd(), web.maxAge(), web.nodeArgs()]).toEqual(["sub", "1d", ["--expose-gc"]]);
    });
    expect(processes).toEqual({
      web: {
        ...{ entry: "w.js", cwd: "sub", readyTimeout: "1m", stopTimeout: 5, envFile: ".env" },
        ...{ restart: { intensity: 1 }, liveness: false, memoryLimit: "1gb", maxAge: "1d" },
        ...{ maxRequests: 9, cron: "0 4 * * *", uncaught: "exit", balance: "sticky" },
        ...{ reload: { batch: 2 }, nice: 1, limits: { cpu: 1 }, uid: 1, gid: "www" },
        ...{ dependsOn: ["jobs"], nodeArgs: ["--expose-gc"] },
      },
      jobs: { command: ["sleep", "1"] },
    });
  });

  it("starts a process without an entry once a service runs in it, and not without", async () => {
    const names = async (declare: (procfile: Procfile) => unknown): Promise<string[]> =>
      Object.keys(await declared(declare));
    expect(await names((elpis) => elpis.process("idle"))).toEqual([]);
    expect(
      await names((elpis) => {
        elpis.process("idle").scale(2);
        elpis.service("log", "./log.js").process("idle");
      }),
    ).toEqual(["idle"]);
    expect(await names((elpis) => elpis.service("log", "./log.js"))).toEqual(["worker"]);
    expect(
      await names((elpis) => {
        elpis.service("log", "./log.js").drop();
        elpis.service("ride", "./log.js").process("weak-all");
      }),
    ).toEqual([]);
    expect(
      await names((elpis) => {
        elpis.process("web");
        elpis.process("background").drop();
        elpis.service("log", "./log.js").process("all");
      }),
    ).toEqual(["agent", "worker", "web"]);
  });

  it("lets a later declaration of a name win", async () => {
    const config = await evaluateProcfile(
      (elpis: Procfile) => {
        elpis.service("log", "./old.js").publish();
        elpis.service("log", "./new.js").name("journal");
        elpis.service("cache", "./cache.js");
        elpis.service("other", "./other.js").name("cache");
        elpis.fork("web", "./web.js");
        elpis.fork("shop", "./shop.js").name("web");
      },
      "procfile.js",
      CONTEXT,
    );
    expect(Object.entries(config.services ?? {})).toMatchObject([
      ["journal", { entry: "./new.js", publish: false }],
      ["cache", { entry: "./other.js" }],
    ]);
    expect(Object.entries(config.processes)).toMatchObject([
      ["worker", {}],
      ["web", { entry: "./shop.js" }],
    ]);
  });

  it("gathers what a service is", async () => {
    const load = (): unknown => import("node:fs");
    const { services } = await evaluateProcfile(
      (elpis: Procfile) => {
        expect(elpis.defaultServiceCategory()).toBe("worker");
        elpis.service("cache", "./cache.js").process("web").config({ port: 5555 });
        elpis.service("cache").dependency(["log"]).dependency("log").dependency("db").publish();
        elpis.service("log", load).process("all").timeout("3s");
        elpis.defaultServiceCategory("background");
        elpis.service("db", "./db.js");
        elpis.applet("./http/app.js");
        elpis.applet("./other/app.js").config({ port: 1 });
        expect(elpis.service("cache").process()).toBe("web");
      },
      "procfile.js",
      CONTEXT,
    );
    expect(services).toEqual({
      cache: {
        ...{ entry: "./cache.js", process: "web", config: { port: 5555 } },
        ...{ dependsOn: ["log", "db"], publish: true },
      },
      log: { entry: load, process: "all", dependsOn: [], publish: false, timeout: "3s" },
      db: { entry: "./db.js", process: "background", dependsOn: [], publish: false },
      app: { entry: "./http/app.js", process: "background", dependsOn: ["all"], publish: false },
      "app-2": {
        ...{ entry: "./other/app.js", process: "background", dependsOn: ["all"] },
        ...{ publish: false, config: { port: 1 } },
      },
    });
  });

  it("hands what a service was configured with to a function that is set later", async () => {
    const { services } = await evaluateProcfile(
      (elpis: Procfile) => {
        const cache = elpis.service("cache", "./cache.js").config({ a: 1 });
        cache.config((_: unknown, old: object) => ({ ...old, b: 2 }));
        cache.config(async (_: unknown, old: object) => ({ ...old, c: 3 }));
      },
      "procfile.js",
      CONTEXT,
    );
    const cache = services?.cache as { config: (...given: unknown[]) => unknown };
    expect(await cache.config({}, undefined)).toEqual({ a: 1, b: 2, c: 3 });
  });

  it("knows the environment, and takes one's own", async () => {
    vi.stubEnv("NODE_ENV", "pre");
    onTestFinished(() => void vi.unstubAllEnvs());
    const own = { get: () => "mine", match: (name: string) => name === "mine" };
    const config = await evaluateProcfile(
      (elpis: Procfile) => {
        const environment = elpis.environment();
        expect(["env", "appName"].map((name) => environment.get(name))).toEqual(["prepub", "shop"]);
        expect(environment.match("prepub") && environment.match("pre")).toBe(true);
        expect(environment.match("production")).toBe(false);
        elpis.environment(own);
        expect(elpis.environment().match("mine")).toBe(true);
      },
      "procfile.js",
      CONTEXT,
    );
    expect(config.environment).toBe(own);
  });

  it.each([
    ["production", "production"],
    ["PROD", "production"],
    ["prepub", "prepub"],
    ["unittest", "test"],
    ["local", "development"],
    [undefined, "development"],
    ["staging", "staging"],
  ])("calls NODE_ENV=%s %s", (given, name) => {
    expect(environmentName(given)).toBe(name);
  });

  it("names the file when it throws", async () => {
    const error = await failure(() =>
      declared(() => {
        throw new TypeError("oops");
      }),
    );
    expect(error.code).toBe("ELPIS_CONFIG_LOAD_FAILED");
    expect(error.message).toContain("procfile.js could not be loaded: oops");
  });

  it.each([
    ["procfile.js", 'module.exports = (x) => x.fork("web", "./web.js");'],
    ["procfile.cjs", 'exports.default = (x) => { x.fork("web", "./web.js"); };'],
    ["procfile.mjs", 'export default (x) => { x.fork("web", "./web.js"); };'],
    [
      "procfile.ts",
      'interface P { fork(n: string, e: string): unknown }\nexport default (x: P): void => { x.fork("web", "./web.js"); };',
    ],
  ])("is found and evaluated as %s", async (name, text) => {
    const dir = makeDir({ [name]: text, "web.js": "" });
    const { file, processes } = await loadConfig({ path: dir, evaluate: "here" });
    expect(file).toBe(join(dir, name));
    expect(processes.map((one) => one.entry)).toEqual([join(dir, "web.js")]);
  });
});
