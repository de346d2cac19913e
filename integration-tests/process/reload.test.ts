import { readFileSync, statSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { connect } from "@elpis/core";
import {
  type AppConfig,
  type AppDefinition,
  type ControlTopics,
  PROCESS_TOPIC,
  type ProcessChange,
  type ReloadResult,
  resolveConfig,
} from "@elpis/process";
import { describe, expect, it, onTestFinished } from "vitest";
import { type App, freePort, get, isAlive, makeApp, waitFor } from "./support.ts";

/** Answers with its version and pid; `/slow` after 800 ms. Has no code for leaving. */
const PLAIN = `
const http = require("node:http");
http.createServer((request, response) => {
  const answer = () => response.end(process.env.VERSION + " " + process.pid);
  if (request.url === "/slow") setTimeout(answer, 800);
  else if (request.url === "/fail") { response.statusCode = 500; answer(); }
  else answer();
}).listen(Number(process.env.PORT), "127.0.0.1");
`;

interface Deployed extends App {
  readonly port: number;
  /** What the next `reload` and `apply` read. */
  deploy(config: AppConfig): void;
}

async function deployed(config: (port: number) => AppConfig, files = {}): Promise<Deployed> {
  const port = await freePort();
  let next: AppDefinition | undefined;
  const app: App = makeApp({ "web.js": PLAIN, ...files }, config(port), {
    reread: async () => next as AppDefinition,
  });
  const deploy = (wanted: AppConfig): void => {
    next = resolveConfig({ name: "test", ...wanted }, { file: `${app.dir}/config`, dir: app.dir });
  };
  deploy(config(port));
  await app.master.start();
  return { ...app, port, deploy };
}

const web = (port: number, version: string, more = {}): AppConfig => ({
  processes: {
    web: {
      entry: "./web.js",
      scale: 2,
      ready: "listen",
      env: { PORT: String(port), VERSION: version },
      ...more,
    },
  },
});

/** Asks all the time until it is told to stop, over kept-alive connections or not; gives what went wrong. */
function keepAsking(
  port: number,
  keepAlive: boolean,
): () => Promise<{ asked: number; wrong: string[] }> {
  const agent = keepAlive ? new http.Agent({ keepAlive, maxSockets: 8 }) : false;
  const wrong: string[] = [];
  let [asked, isOver] = [0, false];
  const loops = Array.from({ length: 4 }, async () => {
    while (!isOver) {
      asked += 1;
      await get(port, "/", { agent }).catch((error: Error) => wrong.push(String(error)));
      await nextTurn();
    }
  });
  return async () => {
    isOver = true;
    await Promise.all(loops);
    if (agent !== false) agent.destroy();
    return { asked, wrong };
  };
}

const pidsOf = (app: App, name = "web"): number[] => app.of(name).flatMap(({ pid }) => pid ?? []);

describe("a reload", () => {
  for (const keepAlive of [false, true]) {
    it(`loses no request, ${keepAlive ? "kept-alive" : "one connection each"}`, async () => {
      const app = await deployed((port) => web(port, "one"));
      const before = pidsOf(app);
      const stopAsking = keepAsking(app.port, keepAlive);
      await waitFor("some answers", () => get(app.port));
      const slow = get(app.port, "/slow");
      const { replaced, version } = await app.master.reload();
      const { wrong, asked } = await stopAsking();
      expect(wrong).toEqual([]);
      expect(asked).toBeGreaterThan(10);
      expect((await slow).body).toMatch(/^one /);
      expect(replaced.map(({ oldPid }) => oldPid)).toEqual(before);
      expect(replaced.map(({ newPid }) => newPid)).toEqual(pidsOf(app));
      expect(before.filter(isAlive)).toEqual([]);
      expect(version).toBe(1);
      expect(app.of("web").map(({ causes }) => causes)).toEqual([{ asked: 1 }, { asked: 1 }]);
    });
  }

  it("never leaves fewer ready than there are", async () => {
    const app = await deployed((port) => web(port, "one", { scale: 3 }));
    const from = app.changes.length;
    await app.master.reload();
    const states = app.changes.slice(from).map(({ state }) => state);
    expect(new Set(states)).toEqual(new Set(["ready"]));
  });

  it("brings what the configuration says now, and can be taken back", async () => {
    const app = await deployed((port) => web(port, "one"));
    app.deploy(web(app.port, "two"));
    expect(await app.master.reload()).toMatchObject({ version: 2, notApplied: [] });
    expect((await get(app.port)).body).toMatch(/^two /);
    expect(app.of("web").map(({ version }) => version)).toEqual([2, 2]);
    expect(await app.master.rollback()).toMatchObject({ version: 1 });
    expect((await get(app.port)).body).toMatch(/^one /);
    await expect(app.master.rollback()).rejects.toMatchObject({ code: "ELPIS_PROCESS_NO_VERSION" });
    // What was gone back from is not gone back to.
    app.deploy(web(app.port, "three"));
    expect((await app.master.reload()).version).toBe(3);
    expect((await app.master.rollback()).version).toBe(1);
  });

  it("that fails leaves the old ones as they are", async () => {
    const app = await deployed((port) => web(port, "one"));
    const before = pidsOf(app);
    app.deploy(web(app.port, "two", { nodeArgs: ["--no-such-option"] }));
    const stopAsking = keepAsking(app.port, true);
    await expect(app.master.reload()).rejects.toMatchObject({ code: "ELPIS_PROCESS_NOT_READY" });
    expect((await stopAsking()).wrong).toEqual([]);
    expect(pidsOf(app)).toEqual(before);
    expect(app.master.status()).toMatchObject({ version: 1, state: "running" });
  });

  it("that never listens leaves the old ones as they are", async () => {
    const app = await deployed((port) => web(port, "one"), {
      "never.js": "setInterval(() => {}, 1000)",
    });
    const before = pidsOf(app);
    app.deploy(web(app.port, "two", { entry: "./never.js", readyTimeout: 300 }));
    await expect(app.master.reload()).rejects.toMatchObject({ code: "ELPIS_PROCESS_NOT_READY" });
    expect(pidsOf(app)).toEqual(before);
    await waitFor("nothing of the new ones", () => app.of("web").every((one) => !one.successor));
  });

  it("that fails half way is taken back as a whole", async () => {
    const app = await deployed((port) => web(port, "one"), {
      "second.js": `if (process.env.ELPIS_PROCESS_INDEX === "1") throw new Error("not me");\n${PLAIN}`,
    });
    app.deploy(web(app.port, "two", { entry: "./second.js" }));
    await expect(app.master.reload()).rejects.toMatchObject({ code: "ELPIS_PROCESS_NOT_READY" });
    expect(app.of("web").map(({ version }) => version)).toEqual([1, 1]);
    expect(app.of("web").map(({ state }) => state)).toEqual(["ready", "ready"]);
    expect((await get(app.port)).body).toMatch(/^one /);
  });

  it("stops a program first that cannot run twice, and starts the old one again when the new one fails", async () => {
    const node = process.execPath;
    const app = await deployed((port) => ({
      processes: {
        db: {
          command: [node, "web.js"],
          env: { PORT: String(port), VERSION: "one" },
          ready: { tcp: port },
        },
      },
    }));
    const [first] = pidsOf(app, "db");
    await app.master.reload();
    const [second] = pidsOf(app, "db");
    expect(second).not.toBe(first);
    app.deploy({
      processes: {
        db: { command: [node, "gone.js"], ready: { tcp: app.port }, readyTimeout: 2000 },
      },
    });
    await expect(app.master.reload()).rejects.toMatchObject({ code: "ELPIS_PROCESS_NOT_READY" });
    expect((await get(app.port)).body).toMatch(/^one /);
    expect(app.master.status().state).toBe("running");
  });
});

describe("a canary", () => {
  const trial = (app: Deployed, more = {}): Promise<ReloadResult> =>
    app.master.reload({ canary: { count: 1, forMs: 1500, ...more } });

  it("that does well is followed by all others; nobody old leaves before", async () => {
    const app = await deployed((port) => web(port, "one", { liveness: { interval: 100 } }));
    const before = pidsOf(app);
    app.deploy(web(app.port, "two", { liveness: { interval: 100 } }));
    const stopAsking = keepAsking(app.port, true);
    const done = trial(app);
    await waitFor("the trial", () => app.of("web")[0]?.successor?.state === "ready");
    expect(pidsOf(app)).toEqual(before);
    expect((await done).replaced).toHaveLength(2);
    expect((await stopAsking()).wrong).toEqual([]);
    expect(app.of("web").map(({ version }) => version)).toEqual([2, 2]);
  });

  it("that answers with errors is taken away", async () => {
    const app = await deployed((port) => web(port, "one", { liveness: { interval: 100 } }), {
      "bad.js": PLAIN.replace(
        "const answer = () =>",
        "response.statusCode = 500; const answer = () =>",
      ),
    });
    const before = pidsOf(app);
    app.deploy(web(app.port, "two", { entry: "./bad.js", liveness: { interval: 100 } }));
    const stopAsking = keepAsking(app.port, false);
    await expect(trial(app)).rejects.toMatchObject({
      code: "ELPIS_PROCESS_CANARY_FAILED",
      details: { lost: [], uncaught: 0 },
    });
    await stopAsking();
    expect(pidsOf(app)).toEqual(before);
    expect(app.master.status()).toMatchObject({ state: "running", version: 1 });
  });

  it("that dies is taken away", async () => {
    const app = await deployed((port) => web(port, "one"), {
      "short.js": `${PLAIN}\nsetTimeout(() => process.exit(3), 400);`,
    });
    const before = pidsOf(app);
    app.deploy(web(app.port, "two", { entry: "./short.js" }));
    await expect(trial(app)).rejects.toMatchObject({
      code: "ELPIS_PROCESS_CANARY_FAILED",
      details: { lost: ["web.0"] },
    });
    expect(pidsOf(app)).toEqual(before);
  });

  it("goes on while the old one is in trouble, and the master with it", async () => {
    const fragile = `if (request.url === "/throw" && process.env.VERSION === "one") {
      setImmediate(() => { throw new Error("old"); });
    }
    const answer`;
    const app = await deployed((port) => web(port, "one", { scale: 1 }), {
      "web.js": PLAIN.replace("const answer", fragile),
    });
    app.deploy(web(app.port, "two", { scale: 1 }));
    const done = trial(app);
    await waitFor("the trial", () => app.of("web")[0]?.successor?.state === "ready");
    const old = app.of("web")[0]?.pid;
    // Both listen; ask until it was the old one.
    await waitFor("the old one to throw", async () => {
      await get(app.port, "/throw").catch(() => undefined);
      return app.said("web").some((line) => line.includes("Error: old"));
    });
    await done;
    await waitFor("all to be well", () => app.master.status().state === "running");
    expect(app.of("web")[0]).toMatchObject({ version: 2, state: "ready" });
    expect(app.of("web")[0]?.pid).not.toBe(old);
  });
});

describe("operations", () => {
  it("go one at a time: another one is refused, or waits", async () => {
    const app = await deployed((port) => web(port, "one"));
    const first = app.master.reload({ by: "me" });
    await expect(app.master.reload()).rejects.toMatchObject({
      code: "ELPIS_PROCESS_BUSY",
      retryable: true,
      details: { operation: { name: "reload", by: "me" } },
    });
    const second = app.master.reload({ queue: true });
    await first;
    expect((await second).replaced).toHaveLength(2);
    expect(app.master.status().operation).toBeUndefined();
  });

  it("are cut short by a stop", async () => {
    const app = await deployed((port) => web(port, "one"));
    const reload = app.master.reload();
    reload.catch(() => {});
    await waitFor("it to begin", () => app.of("web").some((one) => one.successor));
    await Promise.all([
      expect(reload).rejects.toMatchObject({ code: "ELPIS_PROCESS_STOPPED" }),
      app.master.stop(),
    ]);
  });

  it("start nothing after a stop, also where the old process has to go first", async () => {
    const app = await deployed((port) =>
      web(port, "one", { scale: 1, reload: { overlap: false } }),
    );
    const slow = get(app.port, "/slow");
    await get(app.port);
    const reload = app.master.reload();
    reload.catch(() => {});
    await waitFor("it to stop the old one", () => app.of("web")[0]?.state === "stopping");
    await app.master.stop();
    await slow;
    await expect(reload).rejects.toMatchObject({ code: "ELPIS_PROCESS_STOPPED" });
    expect(app.of("web").map(({ state, pid }) => [state, pid])).toEqual([["stopped", undefined]]);
  });

  it("leave no port open for nobody", async () => {
    const app = await deployed((port) => web(port, "one"));
    const refused = (): Promise<boolean> =>
      get(app.port).then(
        () => false,
        (error: NodeJS.ErrnoException) => error.code === "ECONNREFUSED",
      );
    await app.master.stopProcesses({ processes: ["web.0"] });
    expect(await refused()).toBe(false);
    await app.master.stopProcesses({ processes: ["web.1"] });
    expect(await refused()).toBe(true);
    await app.master.startProcesses({});
    expect(await refused()).toBe(false);
    await app.master.scale({ web: 0 });
    expect(await refused()).toBe(true);
  });

  it("scale up and down without losing a request, and refuse what cannot be", async () => {
    const app = await deployed((port) => web(port, "one"));
    const stopAsking = keepAsking(app.port, true);
    expect(await app.master.scale({ web: "+2" })).toEqual({ scale: { web: { from: 2, to: 4 } } });
    expect(app.of("web").map(({ state }) => state)).toEqual(["ready", "ready", "ready", "ready"]);
    await app.master.scale({ web: 1 });
    expect(app.of("web")).toHaveLength(1);
    expect((await stopAsking()).wrong).toEqual([]);
    const scale = (wanted: Record<string, number | string>): Promise<unknown> =>
      app.master.scale(wanted);
    await expect(scale({ web: "-2" })).rejects.toMatchObject({ code: "ELPIS_PROCESS_SCALE" });
    await expect(scale({ web: "many" })).rejects.toMatchObject({ code: "ELPIS_PROCESS_SCALE" });
    await expect(scale({ web: 2, nobody: 1 })).rejects.toMatchObject({
      code: "ELPIS_PROCESS_UNKNOWN",
    });
    expect(app.of("web")).toHaveLength(1);
  });

  it("stop and start a process while the others go on", async () => {
    const app = await deployed(
      (port) => ({
        processes: { ...web(port, "one").processes, idle: "./idle.js" },
      }),
      { "idle.js": "setInterval(() => {}, 1000)" },
    );
    await app.master.stopProcesses({ processes: ["idle", "web.1"] });
    expect(app.of("idle")[0]?.state).toBe("stopped");
    expect(app.of("web").map(({ state }) => state)).toEqual(["ready", "stopped"]);
    expect(app.master.status().state).toBe("degraded");
    await app.master.reload();
    expect(app.of("web").map(({ state }) => state)).toEqual(["ready", "stopped"]);
    await app.master.startProcesses({});
    expect(app.master.status().state).toBe("running");
  });

  it("make what runs what the file says", async () => {
    const app = await deployed((port) => web(port, "one"), {
      "idle.js": "setInterval(() => {}, 1000)",
    });
    app.deploy({
      processes: {
        ...web(app.port, "two", { scale: 1 }).processes,
        idle: "./idle.js",
      },
    });
    const steps = [
      { action: "change", process: "web", keys: ["env"] },
      { action: "scale", process: "web", from: 2, to: 1 },
      { action: "add", process: "idle", scale: 1 },
    ];
    expect(await app.master.apply({ dryRun: true })).toMatchObject({ steps, applied: false });
    expect((await get(app.port)).body).toMatch(/^one /);
    expect(await app.master.apply()).toMatchObject({ steps, applied: true, version: 2 });
    expect((await get(app.port)).body).toMatch(/^two /);
    expect(app.of("idle")[0]?.state).toBe("ready");
    expect(await app.master.apply()).toMatchObject({ steps: [], applied: false });
    app.deploy(web(app.port, "two", { scale: 1 }));
    await app.master.apply();
    expect(app.of("idle")).toEqual([]);
  });
});

describe("a group", () => {
  const files = { "idle.js": "setInterval(() => {}, 1000); console.log(process.pid)" };
  const trio = (strategy: "one-for-all" | "rest-for-one"): AppConfig => ({
    processes: { a: "./idle.js", b: "./idle.js", c: "./idle.js" },
    groups: { trio: { processes: ["a", "b", "c"], strategy } },
  });
  const pids = (app: App): (number | undefined)[] =>
    ["a", "b", "c"].map((name) => pidsOf(app, name)[0]);

  async function afterDeathOfB(strategy: "one-for-all" | "rest-for-one"): Promise<boolean[]> {
    const app = await deployed(() => trio(strategy), files);
    const before = pids(app);
    process.kill(before[1] as number, "SIGKILL");
    await waitFor("the death to be noticed", () => app.of("b")[0]?.epoch === 2);
    await waitFor("all to be back", () => {
      const { state } = app.master.status();
      return state === "running" && app.of("c")[0]?.epoch === 2;
    });
    const after = pids(app);
    return before.map((pid, at) => pid !== after[at]);
  }

  it("is started again in order, whoever died first", async () => {
    const app = await deployed(() => trio("one-for-all"), files);
    const from = app.changes.length;
    for (const pid of pids(app).reverse()) process.kill(pid as number, "SIGKILL");
    await waitFor("all to be back", () => {
      const epochs = ["a", "b", "c"].map((name) => app.of(name)[0]?.epoch ?? 0);
      return app.master.status().state === "running" && epochs.every((epoch) => epoch > 1);
    });
    const ready = app.changes.slice(from).filter(({ state }) => state === "ready");
    expect(ready.map(({ name }) => name)).toEqual(["a", "b", "c"]);
  });

  it("is started again as a whole, or what comes behind the one that died", async () => {
    expect(await afterDeathOfB("one-for-all")).toEqual([true, true, true]);
    expect(await afterDeathOfB("rest-for-one")).toEqual([false, true, true]);
  });
});

describe("what the hub is asked", () => {
  it("is answered by the master, and written down with who asked", async () => {
    const app = await deployed((port) =>
      web(port, "one", { env: { PORT: String(port), API_TOKEN: "hush" } }),
    );
    const { path, secret } = app.master.hub;
    const client = await connect<ControlTopics>({ path, secret, location: { name: "tool" } });
    onTestFinished(() => client.close());
    const changes: ProcessChange[] = [];
    client.on(PROCESS_TOPIC, (change) => void changes.push(change));
    const to = { to: { role: "master" }, timeoutMs: 30_000 } as const;
    expect((await client.request("elpis.reload", { by: "me" }, to)).replaced).toHaveLength(2);
    await waitFor("the changes", () => changes.length >= 4);
    expect(await client.request("elpis.scale", { scale: { web: "+1" } }, to)).toEqual({
      scale: { web: { from: 2, to: 3 } },
    });
    const hidden = (code: string): object => ({ details: { remote: { code } } });
    await expect(client.request("elpis.rollback", {}, to)).rejects.toMatchObject(
      hidden("ELPIS_PROCESS_NO_VERSION"),
    );
    const shown = await client.request("elpis.show", { process: "web.1" }, to);
    expect(shown).toMatchObject({
      app: "test",
      status: { index: 1 },
      env: { API_TOKEN: "(hidden)" },
    });
    await expect(client.request("elpis.show", { process: "web.7" }, to)).rejects.toMatchObject(
      hidden("ELPIS_PROCESS_UNKNOWN"),
    );
    const signal = (name: string): Promise<unknown> =>
      client.request("elpis.signal", { processes: ["web"], signal: name }, to);
    expect(await signal("SIGCONT")).toEqual({ pids: pidsOf(app) });
    await expect(signal("SIGNONE")).rejects.toMatchObject(hidden("ELPIS_PROCESS_SIGNAL"));
    const trail = readFileSync(join(app.runtime, "audit.log"), "utf8").trim().split("\n");
    const entries = trail.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(entries.map(({ operation, outcome }) => [operation, outcome])).toEqual([
      ["reload", "done"],
      ["scale", "done"],
      ["rollback", "failed"],
      ["signal", undefined],
    ]);
    expect(entries[0]?.by).toMatch(/^me \(.*tool.*\)$/);
    expect(statSync(join(app.runtime, "audit.log")).mode & 0o777).toBe(0o600);
  });
});
