import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ConfigProblem } from "../src/errors.ts";
import { type AppConfig, type AppDefinition, resolveConfig } from "../src/index.ts";
import { failure, makeDir } from "./support.ts";

const FILES = { "web.js": "", "cache.js": "", "lib/log/index.js": "" };

function resolveIn(dir: string, config: unknown): AppDefinition {
  return resolveConfig(config as AppConfig, { file: join(dir, "elpis.config.ts"), dir });
}

async function problemOf(config: unknown): Promise<string> {
  const dir = makeDir(FILES);
  const error = await failure(() => resolveIn(dir, config));
  const [problem] = error.details.problems as ConfigProblem[];
  return `${problem?.path}: ${problem?.message}`;
}

describe("services of a configuration", () => {
  it("are placed in their processes, with every default", () => {
    const dir = makeDir(FILES);
    const { services, processes } = resolveIn(dir, {
      processes: { web: "web.js" },
      services: {
        cache: { entry: "./cache", process: "web", timeout: "2s", publish: true },
        log: { entry: "./lib/log", process: "web", dependsOn: ["cache"] },
      },
    });
    expect(services).toEqual([
      {
        name: "cache",
        entry: join(dir, "cache.js"),
        processes: ["web"],
        dependsOn: [],
        publish: true,
        timeoutMs: 2000,
      },
      {
        name: "log",
        entry: join(dir, "lib/log/index.js"),
        processes: ["web"],
        dependsOn: ["cache"],
        publish: false,
      },
    ]);
    expect(processes.map((one) => one.services)).toEqual([["cache", "log"]]);
  });

  it("bring the process that they run in by default", () => {
    const dir = makeDir(FILES);
    const { processes } = resolveIn(dir, { services: { cache: "./cache.js" } });
    expect(processes).toMatchObject([
      { name: "worker", role: "worker", env: { worker: "true" }, services: ["cache"] },
    ]);
    expect(processes[0]?.entry).toMatch(/services-entry\.js$/);
  });

  it("run in every process of Node with all, and with weak-all in those that are there", () => {
    const dir = makeDir(FILES);
    const { processes } = resolveIn(dir, {
      processes: { web: {}, tool: { command: ["sleep", "1"] } },
      agent: {},
      services: {
        cache: { entry: "./cache.js", process: "all" },
        log: { entry: "./lib/log", process: "weak-all" },
      },
    });
    expect(processes.map((one) => [one.name, ...one.services])).toEqual([
      ["agent", "cache", "log"],
      ["web", "cache", "log"],
      ["tool"],
    ]);
  });

  it("put their processes behind those that run what they need", () => {
    const dir = makeDir(FILES);
    const { processes } = resolveIn(dir, {
      processes: { web: {}, data: {}, more: {} },
      services: {
        shop: { entry: "./cache.js", process: "web", dependsOn: ["stock"] },
        stock: { entry: "./cache.js", process: "data", dependsOn: ["prices"] },
        prices: { entry: "./cache.js", process: "more" },
      },
    });
    expect(processes.map((one) => [one.name, ...one.dependsOn])).toEqual([
      ["more"],
      ["data", "more"],
      ["web", "data"],
    ]);
  });

  it("unite what a class says that it needs with what is declared", () => {
    class Shop {
      static dependencies = ["cache", "log"];
      start(): void {}
    }
    const dir = makeDir(FILES);
    const { services } = resolveIn(dir, {
      services: {
        cache: "./cache.js",
        log: "./lib/log",
        shop: { entry: Shop, dependsOn: ["log"] },
      },
    });
    expect(services[2]).toEqual({
      name: "shop",
      processes: ["worker"],
      dependsOn: ["log", "cache"],
      publish: false,
    });
  });

  const cache = (rest: object): unknown => ({
    processes: { web: "web.js", ocr: { command: ["ocr"] } },
    services: { cache: { entry: "./cache.js", process: "web", ...rest }, other: "./cache.js" },
  });
  it.each([
    [cache({ entry: "./gone" }), "services.cache.entry: expected a module (relative to"],
    [cache({ entry: 1 }), "services.cache.entry: expected a module"],
    [cache({ process: "wbe" }), '(did you mean "web"?), got "wbe"'],
    [cache({ process: "ocr" }), "services.cache.process: ocr runs a command"],
    [cache({ dependsOn: ["othr"] }), '(did you mean "other"?)'],
    [cache({ dependsOn: "other" }), "services.cache.dependsOn: expected an array of names"],
    [cache({ publish: "yes" }), 'services.cache.publish: expected true or false, got "yes"'],
    [cache({ timeout: 0 }), "services.cache.timeout: expected a time span of at least 1 ms"],
    [cache({ depends: [] }), 'services.cache.depends: unknown key (did you mean "dependsOn"?)'],
    [
      {
        services: {
          a: { entry: "./cache.js", dependsOn: ["b"] },
          b: { entry: "./cache.js", dependsOn: ["a"] },
        },
      },
      "services.a.dependsOn: goes in a circle: a -> b -> a",
    ],
    [
      {
        agent: {},
        services: {
          a: { entry: "./cache.js", process: "agent", dependsOn: ["b"] },
          b: { entry: "./cache.js" },
        },
      },
      "services.a.dependsOn: b runs in worker, which starts after the agent",
    ],
    [{ services: { all: "./cache.js" } }, "services.all: the name means every service"],
    [
      { processes: { web: "web.js" }, services: [] },
      "services: expected an object of services by name, got []",
    ],
    [{ processes: { web: {} } }, "processes.web: expected exactly one of entry and command"],
  ])("are refused: %j", async (config, message) => {
    const problem = await problemOf(config);
    expect(problem).toContain(message);
  });

  it("makes a circle of processes known that services lead to", async () => {
    const problem = await problemOf({
      processes: { web: {}, data: {} },
      services: {
        a: { entry: "./cache.js", process: "web", dependsOn: ["b"] },
        b: { entry: "./cache.js", process: "data" },
        c: { entry: "./cache.js", process: "data", dependsOn: ["a"] },
      },
    });
    expect(problem).toBe("processes.web.dependsOn: goes in a circle: web -> data -> web");
  });
});

describe("a cron pattern", () => {
  it.each(["0 4 * * *", "*/10 * * * * *", "0 0 L * *", "@daily"])("%s is taken", (cron) => {
    const dir = makeDir(FILES);
    const { processes } = resolveIn(dir, { processes: { web: { entry: "web.js", cron } } });
    expect(processes[0]?.cron).toBe(cron);
  });

  it.each(["every day", "61 * * * *", "* *"])("%s is refused", async (cron) => {
    const problem = await problemOf({ processes: { web: { entry: "web.js", cron } } });
    expect(problem).toMatch(
      /^processes\.web\.cron: expected a cron pattern such as "0 4 \* \* \*" \(.+\), got/,
    );
  });
});
