import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadConfig, type Procfile } from "../src/index.ts";
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
      app: { entry: "./app.js", scale: "auto", ready: "listen" },
      "app-2": { entry: "./lib/app.js", scale: "auto", ready: "listen" },
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
      worker: { entry: "w.js", scale: "auto" },
    });
  });

  it("may name the agent once more with what it is anyway", async () => {
    expect(
      await declared((elpis) => elpis.process("agent").scale(1).order(0).entry("a.js")),
    ).toEqual({ agent: { entry: "a.js" } });
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
    const { file, processes } = await loadConfig({ path: dir });
    expect(file).toBe(join(dir, name));
    expect(processes.map((one) => one.entry)).toEqual([join(dir, "web.js")]);
  });
});
