import { delimiter, join } from "node:path";
import { definePlugin } from "@elpis/api";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { originOf } from "../src/config/layers.ts";
import { loaderArguments } from "../src/config/loader-arguments.ts";
import { mergeConfigs } from "../src/config/merge.ts";
import { type LoadOptions, loadConfig as load, readManifestDefaults } from "../src/index.ts";
import { failure, makeDir } from "./support.ts";

const notes: string[] = [];
const loadConfig = (options: LoadOptions) =>
  load({ ...options, evaluate: "here", onNote: (note) => notes.push(note) });

function setSources(...files: readonly string[]): void {
  vi.stubEnv("ELPIS_CONFIG", files.join(delimiter));
  onTestFinished(() => void vi.unstubAllEnvs());
}

describe("configurations on top of one another", () => {
  it("are merged key by key; the later one wins", () => {
    const below = {
      env: { A: "1", B: "1" },
      processes: { web: "a.js" },
      hub: { limits: { x: 1 } },
    };
    const above = { env: { B: "2" }, processes: { web: { scale: 2, args: [] } } };
    expect(mergeConfigs(below, above)).toEqual({
      env: { A: "1", B: "2" },
      processes: { web: { entry: "a.js", scale: 2, args: [] } },
      hub: { limits: { x: 1 } },
    });
    expect(
      mergeConfigs(
        { processes: { web: { args: ["1", "2"] } } },
        { processes: { web: { args: ["3"] } } },
      ),
    ).toEqual({ processes: { web: { args: ["3"] } } });
    expect(mergeConfigs(undefined, 5)).toBe(5);
    expect(mergeConfigs({ name: "x" }, undefined)).toEqual({ name: "x" });
  });

  it("have each plugin once", () => {
    const plugin = (name: string, options: object) => ({
      ...definePlugin({ name, roles: ["master"], setup() {} })(),
      options,
    });
    const merged = mergeConfigs(
      { plugins: [plugin("a", { n: 1 }), plugin("b", {})] },
      { plugins: [plugin("c", {}), plugin("a", { n: 2 })] },
    ) as { plugins: { definition: { name: string }; options: unknown }[] };
    expect(merged.plugins.map((use) => [use.definition.name, use.options])).toEqual([
      ["b", {}],
      ["c", {}],
      ["a", { n: 2 }],
    ]);
  });

  it("hand what is below to a function that configures a service", async () => {
    const merged = mergeConfigs(
      { services: { cache: { entry: "./c.js", config: { port: 1, host: "h" } } } },
      { services: { cache: { config: (_: unknown, old: object) => ({ ...old, port: 2 }) } } },
    ) as { services: { cache: { entry: string; config: (...args: unknown[]) => unknown } } };
    expect(merged.services.cache.entry).toBe("./c.js");
    expect(await merged.services.cache.config({}, undefined)).toEqual({ port: 2, host: "h" });
  });

  it("know which of them a value comes from", () => {
    const layer = (file: string, config: unknown) =>
      ({ kind: "file", file, prefix: "", config }) as const;
    const layers = [
      layer("low", { processes: { "a.b": { scale: 1, env: { X: "1" } } }, env: { Y: "1" } }),
      layer("high", { processes: { "a.b": { args: [] }, web: "web.js" } }),
    ];
    const from = (path: string) => {
      const origin = originOf(layers, path);
      return origin && [origin.layer.file, origin.key, origin.isWhole];
    };
    expect(from("processes.a.b.scale")).toEqual(["low", "processes.a.b.scale", true]);
    expect(from("processes.a.b.env.X")).toEqual(["low", "processes.a.b.env.X", true]);
    expect(from("processes.a.b.args")).toEqual(["high", "processes.a.b.args", true]);
    expect(from("processes.a.b.order")).toEqual(["high", "processes.a.b", false]);
    expect(from("processes.web.scale")).toEqual(["high", "processes.web", true]);
    expect(from("plugins[0]")).toBeUndefined();
  });
});

describe("ELPIS_CONFIG", () => {
  it("lists configurations below that of the application; one that is missing is skipped", async () => {
    const dir = makeDir({
      "base/one.mjs":
        'export default { env: { A: "1", B: "1" }, processes: { extra: { entry: "./extra.js", cwd: "." } } };',
      "base/extra.js": "",
      "base/two.cjs": 'module.exports = () => ({ processes: {}, env: { B: "2" } });',
      "app/elpis.config.mjs": 'export default { env: { C: "3" }, processes: { web: "./web.js" } };',
      "app/web.js": "",
    });
    notes.length = 0;
    setSources(join(dir, "base/one.mjs"), join(dir, "gone.mjs"), "../base/two.cjs");
    const { processes, reading } = await loadConfig({ cwd: join(dir, "app") });
    expect(processes.map(({ name, entry, cwd, env }) => [name, entry, cwd, env])).toEqual([
      ["extra", join(dir, "base/extra.js"), join(dir, "base"), { A: "1", B: "2", C: "3" }],
      ["web", join(dir, "app/web.js"), join(dir, "app"), { A: "1", B: "2", C: "3" }],
    ]);
    expect(reading?.sources).toEqual([join(dir, "base/one.mjs"), join(dir, "base/two.cjs")]);
    expect(notes).toEqual([
      `ELPIS_CONFIG names ${join(dir, "gone.mjs")}, which is not there: skipped`,
    ]);
  });

  it("does not take an error in a file for a missing file, and names the file that is wrong", async () => {
    const dir = makeDir({
      "throws.mjs": 'import "./not-there.mjs";',
      "wrong.mjs": "export default { processes: { web: { scal: 2 } } };",
      "elpis.config.mjs":
        'export default { processes: { web: { entry: "./web.js", order: "x" } } };',
      "web.js": "",
    });
    setSources(join(dir, "throws.mjs"));
    const failed = await failure(() => loadConfig({ path: dir }));
    expect(failed.code).toBe("ELPIS_CONFIG_LOAD_FAILED");
    expect(failed.message).toContain(join(dir, "throws.mjs"));
    setSources(join(dir, "wrong.mjs"));
    const wrong = await failure(() => loadConfig({ path: dir }));
    expect(wrong.message).toContain(`(did you mean "scale"?)`);
    expect(wrong.message).toMatch(/web\.scal: .* \(in .*wrong\.mjs\)/);
    expect(wrong.message).toMatch(/web\.order: expected an integer of at least -?\d+, got "x"$/m);
  });
});

describe("package.json", () => {
  const files = (elpis: unknown, key = "elpis"): Record<string, string> => ({
    "package.json": JSON.stringify({ name: "@acme/pack", [key]: elpis }),
    "conf/my.config.mjs": 'export default { processes: { web: "./web.js" } };',
    "conf/web.js": "",
    "elpis.config.mjs":
      'export default { env: { B: "config" }, processes: { main: "./main.js" } };',
    "main.js": "",
  });

  it("gives the name, the configuration and variables that the configuration goes before", async () => {
    const dir = makeDir(files({ name: "shop", env: { A: "1", B: "1" }, start: { instances: 2 } }));
    const { name, processes } = await loadConfig({ path: dir });
    expect(name).toBe("shop");
    expect(processes[0]?.env).toEqual({ A: "1", B: "config" });
    expect(readManifestDefaults(dir)?.commands).toEqual({ start: { instances: 2 } });
    const other = makeDir(files({ config: "conf/my.config.mjs" }));
    expect((await loadConfig({ path: other })).processes[0]?.name).toBe("web");
    expect((await loadConfig({ path: other, name: "given" })).name).toBe("given");
  });

  it("may have the form of Pandora", async () => {
    const dir = makeDir(files({ start: { name: "old", env: "A=1 B=x=y" } }, "pandora"));
    const { name, processes } = await loadConfig({ path: dir });
    expect([name, processes[0]?.env]).toEqual(["old", { A: "1", B: "config" }]);
  });

  it("is named where it is wrong", async () => {
    const error = await failure(() => loadConfig({ path: makeDir(files({ name: "a b" })) }));
    expect(error.message).toMatch(/name: expected .* got "a b" \(in .*package\.json\)/);
    const text = await failure(() => loadConfig({ path: makeDir(files("x")) }));
    expect(text.message).toContain('"elpis" is "x", not an object');
  });
});

describe("options of Node for the child that evaluates", () => {
  it("are those that change how modules are loaded", () => {
    expect(
      loaderArguments([
        ...["--import", "tsx", "--inspect-brk=9229", "-r", "./a.js", "--conditions=dev", "-e", "1"],
        ...["--no-warnings", "--max-old-space-size=100", "--watch", "--test", "--env-file", ".env"],
      ]),
    ).toEqual([
      ...["--import", "tsx", "-r", "./a.js", "--conditions=dev"],
      ...["--no-warnings", "--max-old-space-size=100", "--env-file", ".env"],
    ]);
  });
});
