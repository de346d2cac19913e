import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { type LoadOptions, loadConfig as load } from "../src/index.ts";
import { failure, makeDir } from "./support.ts";

/** In this process: the child runs the built package, and is tried with it. */
const loadConfig = (options: LoadOptions) => load({ ...options, evaluate: "here" });
const CONFIG = 'export default { processes: { web: "./web.js" } };';

describe("loadConfig", () => {
  it.each([
    ["elpis.config.mjs", CONFIG],
    ["elpis.config.ts", CONFIG.replace("};", "} satisfies object;")],
    ["elpis.config.mts", CONFIG.replace("};", "} satisfies object;")],
    ["elpis.config.cjs", CONFIG.replace("export default", "module.exports =")],
    ["elpis.config.js", CONFIG.replace("export default", "module.exports =")],
    [
      "elpis.config.mjs",
      CONFIG.replace("{ processes", "async () => ({ processes").replace("};", "});"),
    ],
  ])("finds and evaluates %s", async (name, text) => {
    const dir = makeDir({ [name]: text, "web.js": "" });
    const definition = await loadConfig({ path: dir });
    expect(definition.file).toBe(join(dir, name));
    expect(definition.dir).toBe(dir);
    expect(definition.processes.map((one) => one.name)).toEqual(["web"]);
  });

  it("prefers elpis.config over procfile, and takes a file that is named", async () => {
    const dir = makeDir({
      "elpis.config.mjs": CONFIG,
      "procfile.mjs": 'export default (p) => p.fork("jobs", "./web.js");',
      "other.config.mjs": CONFIG.replace("web:", "other:"),
      "web.js": "",
    });
    const names = async (path: string): Promise<string[]> =>
      (await loadConfig({ path, cwd: dir })).processes.map((one) => one.name);
    expect(await names(".")).toEqual(["web"]);
    expect(await names("procfile.mjs")).toEqual(["jobs"]);
    expect(await names("./other.config.mjs")).toEqual(["other"]);
  });

  it("makes an application of a script alone", async () => {
    const dir = makeDir({ "lib/app.js": "", "lib/package.json": '{"name":"@x/tool"}' });
    const definition = await loadConfig({ path: "lib/app.js", cwd: dir });
    expect(definition).toMatchObject({ name: "tool", file: join(dir, "lib/app.js") });
    expect(definition.processes).toHaveLength(1);
    expect(definition.processes[0]).toMatchObject({
      name: "app",
      role: "worker",
      entry: join(dir, "lib/app.js"),
      cwd: dir,
      scale: 1,
      ready: "module",
    });
    const scaled = await loadConfig({ path: "lib/app.js", cwd: dir, scale: "auto", name: "n" });
    expect(scaled).toMatchObject({ name: "n" });
    expect(scaled.processes[0]).toMatchObject({ scale: availableParallelism(), ready: "listen" });
  });

  it("makes a worker of a script whose name would say otherwise", async () => {
    const dir = makeDir({ "agent.js": "" });
    const { processes } = await loadConfig({ path: join(dir, "agent.js") });
    expect(processes[0]).toMatchObject({ name: "main", role: "worker" });
  });

  it("lets its options go first", async () => {
    const dir = makeDir({
      "elpis.config.mjs":
        'export default { name: "x", processes: { a: { entry: "./a.js", scale: 4 } } };',
      "a.js": "",
    });
    expect((await loadConfig({ path: dir, scale: 3 })).processes[0]?.scale).toBe(3);
    expect((await loadConfig({ path: dir, dev: true })).processes[0]?.scale).toBe(1);
    expect((await loadConfig({ path: dir, name: "y" })).name).toBe("y");
  });

  it("refuses options that make no sense for the application", async () => {
    const dir = makeDir({
      "elpis.config.mjs": 'export default { processes: { a: "./a.js", b: "./a.js" } };',
      "a.js": "",
    });
    const error = await failure(() => loadConfig({ path: dir, scale: 2, name: "a b" }));
    expect(error.code).toBe("ELPIS_CONFIG_INVALID");
    expect(error.message).toContain(
      "scale (option): goes with an application of one process; this one has a, b",
    );
    expect(error.message).toContain('got "a b"');
  });

  it("says what it looked for when there is nothing", async () => {
    const dir = makeDir();
    const nothing = await failure(() => loadConfig({ path: dir }));
    expect(nothing.code).toBe("ELPIS_CONFIG_NOT_FOUND");
    expect(nothing.message).toContain("elpis.config.ts");
    expect(nothing.message).toContain("procfile.js");
    const gone = await failure(() => loadConfig({ path: "gone", cwd: dir }));
    expect(gone.code).toBe("ELPIS_CONFIG_NOT_FOUND");
    expect(gone.message).toContain(join(dir, "gone"));
  });

  it("names a file that throws, and keeps the cause", async () => {
    const dir = makeDir({ "elpis.config.mjs": 'throw new Error("broken " + 1);' });
    const error = await failure(() => loadConfig({ path: dir }));
    expect(error.code).toBe("ELPIS_CONFIG_LOAD_FAILED");
    expect(error.message).toContain(
      `${basename(dir)}/elpis.config.mjs could not be loaded: broken 1`,
    );
    expect(error.cause).toBeInstanceOf(Error);
  });

  it("names the keys of a file that exports nothing", async () => {
    const dir = makeDir({ "elpis.config.mjs": "export const config = 1;" });
    const error = await failure(() => loadConfig({ path: dir }));
    expect(error.message).toContain("unknown key");
  });
});
