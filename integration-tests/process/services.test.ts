import { join } from "node:path";
import {
  createMaster,
  loadConfig,
  type MasterOptions,
  type OutputLine,
  SERVICES_TOPIC,
  type ServiceStatus,
} from "@elpis/process";
import { expect, it, onTestFinished } from "vitest";
import { makeDir, SILENT, waitFor } from "./support.ts";

/** Says each step of its life, together with the process that it is in. */
function service(name: string, more = ""): string {
  return `
export default class {
  constructor(context) { this.context = context; }
  say(what) { console.log(what, this.context.serviceName, this.context.processName); }
  async start() { this.say("start"); ${name}; }
  async stop() { this.say("stop"); }
  ${more}
}
`;
}

interface Application {
  readonly master: ReturnType<typeof createMaster>;
  readonly dir: string;
  readonly lines: OutputLine[];
  texts(): string[];
}

async function makeApp(
  files: Readonly<Record<string, string>>,
  more: Partial<MasterOptions> = {},
): Promise<Application> {
  const dir = makeDir(files);
  const lines: OutputLine[] = [];
  const config = await loadConfig({ path: dir, cwd: dir });
  const output = (line: OutputLine): void => void lines.push(line);
  const master = createMaster({ config, dir: join(dir, "run"), output, log: SILENT, ...more });
  onTestFinished(() => master.stop({ now: true }));
  return { master, dir, lines, texts: () => lines.map(({ text }) => text) };
}

function configOf(config: string): Readonly<Record<string, string>> {
  return { "elpis.config.mjs": `export default { name: "test", ${config} };` };
}

it("starts services in the order of their needs, over two processes, and stops them in reverse", async () => {
  const app = await makeApp({
    ...configOf(`
      processes: { web: {}, data: {} },
      services: {
        a: { entry: "./s.mjs", process: "web", dependsOn: ["b", "c"] },
        b: { entry: "./s.mjs", process: "web", dependsOn: ["c"] },
        c: { entry: "./s.mjs", process: "web", dependsOn: ["d"] },
        d: { entry: "./s.mjs", process: "data" },
        last: { entry: "./s.mjs", process: "web", dependsOn: ["all"] },
      }`),
    "s.mjs": service(""),
  });
  await app.master.start();
  const steps = ["d data", "c web", "b web", "a web", "last web"];
  await waitFor("all starts", () => app.lines.length >= 5);
  expect(app.texts()).toEqual(steps.map((step) => `start ${step}`));
  await app.master.stop();
  expect(app.texts().slice(5)).toEqual(steps.reverse().map((step) => `stop ${step}`));
});

it("publishes a service for other processes, and takes it back before it stops", async () => {
  const app = await makeApp({
    ...configOf(`
      processes: { web: { entry: "./web.mjs", ready: "module" }, data: {} },
      services: {
        prices: {
          entry: "./prices.mjs", process: "data", publish: true,
          config: (context, old) => ({ tea: old === undefined ? 40 : 0, from: context.processName }),
        },
        shop: { entry: "./shop.mjs", process: "web", dependsOn: ["prices"] },
      }`),
    "prices.mjs": `
      export default class {
        constructor({ config }) { this.config = config; }
        async start() { this.extra = 2; }
        of(what) { return this.config[what] + this.extra; }
        from() { return this.config.from; }
      }`,
    "shop.mjs": `
      export default class Shop {
        constructor(context) { this.context = context; }
        async start() { this.prices = this.context.getDependency("prices"); }
        async tea() { return [await this.prices.of("tea"), await this.prices.from()]; }
      }`,
    "web.mjs": `
      import { getService } from "@elpis/process/services";
      import Shop from "./shop.mjs";
      console.log(getService(Shop) === getService("shop"), ...(await getService(Shop).tea()));
    `,
  });
  await app.master.start();
  await waitFor("the answer", () => app.lines.length > 0);
  expect(app.texts()).toEqual(["true 42 data"]);
  const { client } = app.master.hub;
  const prices = client.proxy<{ of(what: string): number; start(): void }>("prices");
  expect(await prices.of("tea")).toBe(42);
  expect((await prices.$describe()).methods).toEqual(["of", "from"]);
  const [web, data] = await Promise.all(
    ["web", "data"].map(
      (name) => client.request(SERVICES_TOPIC, {}, { to: { name } }) as Promise<ServiceStatus[]>,
    ),
  );
  expect(web).toMatchObject([{ name: "shop", state: "booted", dependencies: ["prices"] }]);
  expect(data).toMatchObject([{ name: "prices", state: "booted", published: true }]);
});

it("lets a service use the hub while it stops, after the requests are done", async () => {
  const app = await makeApp({
    ...configOf(`
      processes: { web: {}, data: { order: -1 } },
      services: {
        sink: { entry: "./sink.mjs", process: "data" },
        work: { entry: "./work.mjs", process: "web" },
      }`),
    "sink.mjs": `
      export default class {
        constructor({ hub }) { hub.handle("goodbye", (text) => { console.log("heard", text); return "bye"; }); }
      }`,
    "work.mjs": `
      export default class {
        constructor({ hub }) {
          this.hub = hub;
          hub.handle("slow", async () => {
            console.log("asked");
            await new Promise((resolve) => setTimeout(resolve, 300));
            console.log("answered");
            return "done";
          });
        }
        async stop() { console.log("told", await this.hub.request("goodbye", "work")); }
      }`,
  });
  await app.master.start();
  const answer = app.master.hub.client.request("slow", {});
  await waitFor("the request", () => app.texts().includes("asked"));
  const stopped = app.master.stop();
  expect(await answer).toBe("done");
  await stopped;
  expect(app.texts()).toEqual(["asked", "answered", "heard work", "told bye"]);
});

it.each([
  ["throws", 'throw new Error("no disk")', /Service "bad" failed in its start: no disk/],
  [
    "hangs",
    "await new Promise(() => {})",
    /Service "bad" was not done with its start within 300 ms/,
  ],
])("names a service whose start %s, and stops those that had started", async (_, code, message) => {
  const app = await makeApp({
    ...configOf(`
      processes: { web: { restart: false } },
      services: {
        good: { entry: "./good.mjs", process: "web" },
        bad: { entry: "./bad.mjs", process: "web", dependsOn: ["good"], timeout: 300 },
      }`),
    "good.mjs": service(""),
    "bad.mjs": service(code),
  });
  await expect(app.master.start()).rejects.toThrow(message);
  expect(app.texts()).toContain("stop good web");
});

it("names a service that hangs before the process has no time left to get ready", async () => {
  const app = await makeApp({
    ...configOf(`
      processes: { web: { restart: false, readyTimeout: "4s" } },
      services: { slow: { entry: "./s.mjs", process: "web" } }`),
    "s.mjs": service("await new Promise(() => {})"),
  });
  await expect(app.master.start()).rejects.toThrow(/Service "slow" was not done with its start/);
});

it("is not ready before its services are, even when one of them listens", async () => {
  const app = await makeApp({
    ...configOf(`
      processes: { web: { ready: "listen" } },
      services: {
        http: { entry: "./http.mjs", process: "web" },
        warm: { entry: "./warm.mjs", process: "web", dependsOn: ["http"] },
      }`),
    "http.mjs": `
      import { createServer } from "node:http";
      export default class {
        async start() { await new Promise((done) => createServer().listen(0, "127.0.0.1", done)); console.log("listens"); }
      }`,
    "warm.mjs": service(
      "await new Promise((resolve) => setTimeout(resolve, 400)); this.say('warm')",
    ),
  });
  const before: string[][] = [];
  app.master.events.on("process", ({ state }) => {
    if (state === "ready") before.push(app.texts());
  });
  await app.master.start();
  expect(before).toEqual([["listens", "start warm web", "warm warm web"]]);
});

it("names a service that does not stop, and stops the others", async () => {
  const app = await makeApp({
    ...configOf(`
      processes: { web: { stopTimeout: "3s" } },
      services: {
        first: { entry: "./first.mjs", process: "web" },
        stuck: { entry: "./stuck.mjs", process: "web", dependsOn: ["first"], timeout: 400 },
      }`),
    "first.mjs": service(""),
    "stuck.mjs": "export default class { stop() { return new Promise(() => {}); } }",
  });
  await app.master.start();
  await app.master.stop();
  expect(app.texts().join("\n")).toMatch(
    /Service "stuck" was not done with its stop within 400 ms/,
  );
  expect(app.texts()).toContain("stop first web");
});

it("says of a module without a class which service, which file, and what was found", async () => {
  const app = await makeApp({
    ...configOf(`
      processes: { web: { restart: false } },
      services: { cache: { entry: "./cache.mjs", process: "web" } }`),
    "cache.mjs": "export const size = 3; export function get() {}",
  });
  await expect(app.master.start()).rejects.toThrow(
    /Service "cache" needs a class .*cache\.mjs; found a module with .*size \(number\)/,
  );
});

it("stops what had started when it is told to stop in the middle of a start", async () => {
  const app = await makeApp({
    ...configOf(`
      processes: { web: { stopTimeout: "5s" } },
      services: {
        first: { entry: "./first.mjs", process: "web" },
        slow: { entry: "./slow.mjs", process: "web", dependsOn: ["first"], timeout: "20s" },
      }`),
    "first.mjs": service(""),
    "slow.mjs": service("await new Promise((resolve) => setTimeout(resolve, 500))"),
  });
  const started = app.master.start();
  started.catch(() => {});
  await waitFor("the slow one", () => app.texts().includes("start slow web"));
  await app.master.stop();
  await expect(started).rejects.toThrow(/told to stop/);
  expect(app.texts().filter((text) => text.startsWith("stop"))).toEqual([
    "stop slow web",
    "stop first web",
  ]);
});

it("runs a procfile of Pandora's kind as it is", async () => {
  const app = await makeApp({
    "package.json": '{ "name": "old-app" }',
    "procfile.js": `
      module.exports = function (pandora) {
        pandora.process("worker").scale(1).env({ COLOR: "red" });
        pandora.process("background").env({ JOB: "1" });
        pandora.service("config", class Config {
          constructor(context) { this.context = context; }
          get() { return this.context.config; }
        }).process("weak-all").config({ port: 1 }).config((context, old) => ({ ...old, in: context.processName }));
        pandora.service("http", "./lib/http").process("worker").dependency("config").publish();
        pandora.service("sweep", () => require("./lib/sweep.js")).process("background").dependency(["config", "http"]);
        pandora.service("gone", "./lib/gone").drop();
        pandora.cluster("./app.js");
      };`,
    "lib/http.js": `
      module.exports = class Http {
        static get dependencies() { return ["config"]; }
        constructor(ctx) { this.ctx = ctx; }
        async start() { this.ctx.logger.info("http"); this.options = this.ctx.getDependency("config").get(); }
        where() { return { ...this.options, color: process.env.COLOR, env: this.ctx.env, worker: process.env.worker }; }
      };`,
    "lib/sweep.js": `
      exports.default = class Sweep {
        constructor(ctx) { this.ctx = ctx; }
        async start() { console.log("sweep", JSON.stringify(await this.ctx.getProxy("http").where()), process.env.JOB); }
      };`,
    "app.js":
      'require("http").createServer((q, s) => s.end("hi")).listen(0, "127.0.0.1", () => console.log("app", process.env.worker));',
  });
  await app.master.start();
  expect(app.master.status().processes.map(({ name }) => name)).toEqual([
    "master",
    "worker",
    "background",
  ]);
  await waitFor("both", () => app.texts().some((text) => text.startsWith("sweep")));
  expect(app.texts()).toContain("app true");
  expect(app.texts()).toContain(
    'sweep {"port":1,"in":"worker","color":"red","env":"test","worker":"true"} 1',
  );
});

it("starts nothing of a process whose services are only along for the ride", async () => {
  const app = await makeApp({
    "procfile.mjs": `export default (elpis) => {
      elpis.service("log", class { start() { console.log("log"); } }).process("weak-all");
      elpis.fork("web", "./web.mjs");
      elpis.process("idle").scale(3);
    };`,
    "web.mjs": "setInterval(() => {}, 1000);",
  });
  await app.master.start();
  expect(app.master.status().processes.map(({ name }) => name)).toEqual(["master", "web"]);
  await waitFor("the line", () => app.texts().includes("log"));
});

it("runs services written in TypeScript beside an entry that is not", async () => {
  const app = await makeApp({
    "package.json": '{ "type": "module" }',
    "elpis.config.ts": `
      const port: number = 5;
      export default {
        name: "test",
        processes: { web: "./web.js" },
        services: { cache: { entry: "./cache.ts", process: "web", config: (): object => ({ port }) } },
      };`,
    "cache.ts": `
      import { twice } from "./twice.ts";
      interface Context { readonly config: { readonly port: number } }
      export default class Cache {
        readonly port: number;
        constructor({ config }: Context) { this.port = twice(config.port); }
      }`,
    "twice.ts": "export const twice = (value: number): number => value * 2;",
    "web.js":
      'import { getService } from "@elpis/process/services"; console.log(getService("cache").port);',
  });
  await app.master.start();
  await waitFor("the line", () => app.lines.length > 0);
  expect(app.texts()).toEqual(["10"]);
});

it("waits for a service of another process that is being started again", async () => {
  const app = await makeApp({
    ...configOf(`
      processes: { web: { restart: { minDelay: 1 } }, data: { restart: { minDelay: "1s" } } },
      services: {
        shop: { entry: "./s.mjs", process: "web", dependsOn: ["stock"] },
        stock: { entry: "./s.mjs", process: "data" },
      }`),
    "s.mjs": service(""),
  });
  await app.master.start();
  const kill = (name: string): void => {
    const { pid } = app.master.status().processes.find((one) => one.name === name) ?? {};
    process.kill(pid as number, "SIGKILL");
  };
  kill("data");
  await waitFor("the end of data", () =>
    app.master.status().processes.some(({ name, state }) => name === "data" && state !== "ready"),
  );
  kill("web");
  await waitFor("both to be there again", () => app.lines.length >= 4, 30_000);
  expect(app.texts().slice(2)).toEqual(["start stock data", "start shop web"]);
});

it("says which service of which process was waited for in vain", async () => {
  const app = await makeApp({
    ...configOf(`
      processes: { web: { restart: false }, data: { order: 1 } },
      services: {
        shop: { entry: "./shop.mjs", process: "web", timeout: 300 },
        stock: { entry: "./s.mjs", process: "data" },
      }`),
    "s.mjs": service(""),
    "shop.mjs": 'export default class { static dependencies = ["stock"]; }',
  });
  await expect(app.master.start()).rejects.toThrow(
    /Service "shop" waited \d+ ms for "stock", but no process data has started it/,
  );
});

it.each([
  ["a circle", '["b"]', '["a"]', /Services need one another in a circle: a -> b -> a/],
  [
    "a service that is not there",
    '["c"]',
    "[]",
    /There is no service "c" here: the class of "a" names it/,
  ],
])("names %s in what classes say that they need", async (_, first, second, message) => {
  const app = await makeApp({
    ...configOf(`
      processes: { web: { restart: false } },
      services: { a: { entry: "./a.mjs", process: "web" }, b: { entry: "./b.mjs", process: "web" } }`),
    "a.mjs": `export default class { static dependencies = ${first}; }`,
    "b.mjs": `export default class { static dependencies = ${second}; }`,
  });
  await expect(app.master.start()).rejects.toThrow(message);
});

it("gives workers what was below their configuration, wherever they run", async () => {
  const dir = makeDir({
    "base.mjs": "export default { services: { cache: { config: { a: 1 } } } };",
    "app/elpis.config.mjs": `export default {
      name: "test",
      processes: { web: { cwd: "/" } },
      services: { cache: { entry: "./cache.mjs", process: "web", config: (_, old) => ({ ...old, b: 2 }) } },
    };`,
    "app/cache.mjs":
      "export default class { constructor({ config }) { console.log(JSON.stringify(config)); } }",
  });
  const config = await loadConfig({ path: "app", cwd: dir, sources: ["base.mjs"] });
  const texts: string[] = [];
  const output = ({ text }: OutputLine): void => void texts.push(text);
  const master = createMaster({ config, dir: join(dir, "run"), output, log: SILENT });
  onTestFinished(() => master.stop({ now: true }));
  await master.start();
  await waitFor("the line", () => texts.length > 0);
  expect(texts).toEqual(['{"a":1,"b":2}']);
});
