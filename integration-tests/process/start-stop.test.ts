import { existsSync, mkdirSync, readdirSync, rmdirSync } from "node:fs";
import { connect } from "@elpis/core";
import type { ControlTopics } from "@elpis/process";
import { describe, expect, it } from "vitest";
import { childrenOf, freePort, get, IDLE, isAlive, makeApp, WEB, waitFor } from "./support.ts";

describe("starting", () => {
  it("goes in order, each process waiting for the one before to be ready", async () => {
    const late = `await new Promise((resolve) => setTimeout(resolve, 150));${IDLE}`;
    const app = makeApp(
      { "late.mjs": late, "idle.mjs": IDLE },
      {
        agent: "late.mjs",
        processes: {
          second: { entry: "idle.mjs", order: 2 },
          first: { entry: "late.mjs", order: 1, scale: 2 },
          third: { command: ["sleep", "100"], dependsOn: ["second"] },
        },
      },
    );
    await app.master.start();
    const steps = app.changes.map(({ name, index, state }) => `${name}.${index} ${state}`);
    const at = (step: string): number => {
      expect(steps).toContain(step);
      return steps.indexOf(step);
    };
    expect(at("agent.0 ready")).toBeLessThan(at("first.0 starting"));
    // Its instances start together.
    expect(at("first.1 starting")).toBeLessThan(at("first.0 ready"));
    expect(Math.max(at("first.0 ready"), at("first.1 ready"))).toBeLessThan(
      at("second.0 starting"),
    );
    expect(at("second.0 ready")).toBeLessThan(at("third.0 starting"));
    expect(app.master.status()).toMatchObject({ app: "test", state: "running", pid: process.pid });
    expect(app.master.status().processes.map(({ name }) => name)).toEqual([
      ...["master", "agent", "first", "first", "second", "third"],
    ]);
  });

  it("fails when a process ends first, stops the others, and quotes its last words", async () => {
    const bad = 'console.log("reading"); console.error("no database"); process.exit(3);';
    const app = makeApp(
      { "idle.mjs": IDLE, "bad.mjs": bad },
      { agent: "idle.mjs", processes: { bad: "bad.mjs", never: "idle.mjs" } },
    );
    await expect(app.master.start()).rejects.toMatchObject({
      code: "ELPIS_PROCESS_NOT_READY",
      message: expect.stringMatching(
        /Process bad\.0 .*exit code 3[\s\S]*reading[\s\S]*no database/,
      ),
      details: { process: "bad", index: 0, lastLines: ["reading", "no database"] },
    });
    await app.master.closed;
    expect(app.said("never")).toEqual([]);
    expect(app.of("bad")[0]).toMatchObject({ epoch: 1, restarts: 0 });
    const pids = app.lines.map((line) => line.pid);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(app.master.status().state).toBe("stopped");
  });

  it("fails when a process takes too long, and when a command is not there", async () => {
    const slow = makeApp(
      { "slow.mjs": "await new Promise((resolve) => setTimeout(resolve, 60_000));" },
      { processes: { slow: { entry: "slow.mjs", readyTimeout: "300ms" } } },
    );
    await expect(slow.master.start()).rejects.toThrow(
      /slow\.0 .*not ready \(module\) within 300 ms.*wrote nothing/s,
    );
    const gone = makeApp({}, { processes: { gone: { command: ["elpis-no-such-program"] } } });
    await expect(gone.master.start()).rejects.toThrow(/gone\.0 .*could not be started.*ENOENT/);
  });

  it("fails when it is told to stop meanwhile", async () => {
    const app = makeApp(
      { "slow.mjs": "await new Promise((resolve) => setTimeout(resolve, 60_000));" },
      { processes: { slow: "slow.mjs" } },
    );
    const started = expect(app.master.start()).rejects.toMatchObject({
      code: "ELPIS_PROCESS_STOPPED",
    });
    await waitFor("the process", () => app.of("slow")[0]?.pid);
    await app.master.stop();
    await started;
    await expect(app.master.start()).rejects.toMatchObject({ code: "ELPIS_PROCESS_MASTER_STATE" });
  });
});

describe("a stop while the hub opens", () => {
  it("leaves nothing", async () => {
    const app = makeApp({ "idle.mjs": IDLE }, { processes: { idle: "idle.mjs" } });
    const guardians = (): string[] => childrenOf(process.pid);
    const before = guardians();
    const started = expect(app.master.start()).rejects.toMatchObject({
      code: "ELPIS_PROCESS_STOPPED",
    });
    await app.master.stop();
    await app.master.closed;
    await started;
    const left = existsSync(app.runtime) ? readdirSync(app.runtime) : [];
    expect(left.filter((name) => name.startsWith("hub"))).toEqual([]);
    expect(app.changes).toEqual([]);
    expect(guardians().filter((pid) => !before.includes(pid))).toEqual([]);
    expect(app.master.status().state).toBe("stopped");
  });
});

describe("SIGTERM to the whole family at once", () => {
  it("loses no request, and starts nobody again", async () => {
    const port = await freePort();
    const web = { entry: "web.mjs", ready: "listen" as const, env: { PORT: String(port) } };
    const app = makeApp(
      { "web.mjs": WEB, "idle.mjs": IDLE },
      { processes: { first: "idle.mjs", web: { ...web, dependsOn: ["first"] } } },
    );
    await app.master.start();
    const slow = get(port, "/slow");
    await waitFor("the request to arrive", async () => (await get(port)).status === 200);
    const stopped = app.master.stop();
    await waitFor("the leave", () =>
      get(port).then(
        () => false,
        ({ code }) => code === "ECONNREFUSED",
      ),
    );
    for (const name of ["first", "web"]) process.kill(app.of(name)[0]?.pid as number, "SIGTERM");
    expect(await slow).toMatchObject({ status: 200 });
    await stopped;
    expect(app.of("web")[0]?.lastExit).toMatchObject({ code: 0, cause: "asked" });
    const states = app.changes.filter(({ name }) => name === "first").map(({ state }) => state);
    expect(states).toEqual(["starting", "ready", "stopped"]);
  });

  it("is impatience the second time", async () => {
    const port = await freePort();
    const web = { entry: "web.mjs", ready: "listen" as const, env: { PORT: String(port) } };
    const endless = WEB.replace("setTimeout(answer, 800)", "response.write('...')");
    const app = makeApp({ "web.mjs": endless }, { processes: { web } });
    await app.master.start();
    const cut = get(port, "/slow").catch(() => "cut");
    await waitFor("the request to arrive", async () => (await get(port)).status === 200);
    const stopped = app.master.stop();
    const pid = app.of("web")[0]?.pid as number;
    await waitFor("its end", () => {
      if (isAlive(pid)) process.kill(pid, "SIGTERM");
      return !isAlive(pid);
    });
    await stopped;
    expect(await cut).toBe("cut");
    expect(app.of("web")[0]?.lastExit).toMatchObject({ code: 143, cause: "asked" });
  });
});

describe("stopping", () => {
  const files = { "idle.mjs": IDLE };
  const stubborn = `process.on("SIGTERM", () => new Promise(() => {})); ${IDLE}`;

  it("goes in reverse order, and leaves nothing", async () => {
    const app = makeApp(files, {
      agent: "idle.mjs",
      processes: { one: "idle.mjs", two: { command: ["sleep", "100"] } },
    });
    await app.master.start();
    const pids = app.master
      .status()
      .processes.slice(1)
      .map((one) => one.pid as number);
    expect(pids.every(isAlive)).toBe(true);
    await app.master.stop();
    await app.master.closed;
    const stops = app.changes.filter(({ state }) => ["stopping", "stopped"].includes(state));
    expect(stops.map(({ name, state }) => `${name} ${state}`)).toEqual([
      ...["two stopping", "two stopped", "one stopping", "one stopped"],
      ...["agent stopping", "agent stopped"],
    ]);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(app.of("one")[0]?.lastExit).toMatchObject({ code: 0, signal: null, cause: "asked" });
    expect(existsSync(app.master.hub.path)).toBe(false);
  });

  it("kills who does not go within the stop timeout", async () => {
    const blocked = 'setTimeout(() => { console.log("blocked"); for (;;) {} }, 20);';
    const app = makeApp(
      { "blocked.mjs": blocked },
      { processes: { blocked: { entry: "blocked.mjs", stopTimeout: "300ms" } } },
    );
    await app.master.start();
    const pid = app.of("blocked")[0]?.pid as number;
    await waitFor("the endless loop", () => app.said("blocked").includes("blocked"));
    const began = performance.now();
    await app.master.stop();
    expect(performance.now() - began).toBeLessThan(4000);
    expect(app.of("blocked")[0]?.lastExit).toMatchObject({ signal: "SIGKILL", cause: "asked" });
    expect(isAlive(pid)).toBe(false);
  });

  it("kills at once when it is told a second time", async () => {
    const app = makeApp(
      { "stubborn.mjs": stubborn, ...files },
      { processes: { idle: "idle.mjs", stubborn: { entry: "stubborn.mjs", stopTimeout: "1h" } } },
    );
    await app.master.start();
    const stopped = app.master.stop();
    await waitFor("the stop to begin", () => app.of("stubborn")[0]?.state === "stopping");
    const began = performance.now();
    expect(app.master.stop({ now: true })).toBe(stopped);
    await stopped;
    expect(performance.now() - began).toBeLessThan(2000);
    expect(app.of("stubborn")[0]?.lastExit).toMatchObject({ signal: "SIGKILL", cause: "asked" });
    expect(app.of("idle")[0]?.state).toBe("stopped");
  });

  it("lets the application finish what its own SIGTERM listener does", async () => {
    const own = `process.once("SIGTERM", async () => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      console.log("flushed");
    }); ${IDLE}`;
    const callback = `process.on("SIGTERM", () => setTimeout(() => {
      console.log("bye"); process.exit(5);
    }, 200)); ${IDLE}`;
    const app = makeApp(
      { "own.mjs": own, "callback.mjs": callback },
      { processes: { own: "own.mjs", callback: "callback.mjs" } },
    );
    await app.master.start();
    await app.master.stop();
    expect(app.said("own").at(-1)).toBe("flushed");
    expect(app.said("callback").at(-1)).toBe("bye");
    expect(app.of("own")[0]?.lastExit).toMatchObject({ code: 0, cause: "asked" });
    expect(app.of("callback")[0]?.lastExit).toMatchObject({ code: 5, cause: "asked" });
  });

  it("finishes the requests of the hub that a process works on", async () => {
    const slow = `import { hub } from "@elpis/core/process";
      hub.handle("slow", () => new Promise((resolve) => setTimeout(resolve, 400, "done")));`;
    const app = makeApp({ "slow.mjs": slow }, { processes: { slow: "slow.mjs" } });
    await app.master.start();
    const answer = app.master.hub.client.request("slow", {});
    await app.master.hub.client.peers();
    const stopped = app.master.stop();
    expect(await answer).toBe("done");
    await stopped;
  });

  it("can be asked for over the hub, as can the status", async () => {
    const app = makeApp(files, { processes: { one: { entry: "idle.mjs", scale: 2 } } });
    await app.master.start();
    const { path, secret } = app.master.hub;
    const peer = await connect<ControlTopics>({ path, secret, reconnect: false });
    const status = await peer.request("elpis.status", {});
    expect(status.processes.map(({ name, index, state }) => [name, index, state])).toEqual([
      ["master", 0, "ready"],
      ["one", 0, "ready"],
      ["one", 1, "ready"],
    ]);
    for (const one of status.processes) expect(one.rssBytes).toBeGreaterThan(1e6);
    expect(await peer.request("elpis.stop", {}, { timeoutMs: 20_000 })).toEqual({});
    expect(status.processes.slice(1).filter(({ pid }) => isAlive(pid as number))).toEqual([]);
    await app.master.closed;
    expect((await peer.closed)?.code).toBe("ELPIS_HUB_CLOSED");
  });
});

describe("a restart that was asked for", () => {
  it("replaces the processes one after another, and keeps the port", async () => {
    const app = makeApp(
      { "web.mjs": WEB, "idle.mjs": IDLE },
      { processes: { web: { entry: "web.mjs", ready: "listen" }, idle: "idle.mjs" } },
    );
    await app.master.start();
    const before = app.master.status().processes.map(({ pid }) => pid);
    await app.master.restart("web");
    expect(app.of("web")[0]).toMatchObject({ state: "ready", epoch: 2, restarts: 1 });
    expect(app.of("idle")[0]).toMatchObject({ epoch: 1 });
    expect(new Set(app.said("web")).size).toBe(1);
    await app.master.restart();
    const after = app.master.status().processes.map(({ pid }) => pid);
    expect(after.slice(1).filter((pid) => before.includes(pid))).toEqual([]);
    await expect(app.master.restart("nobody")).rejects.toMatchObject({
      code: "ELPIS_PROCESS_UNKNOWN",
    });
  });

  it("says what did not come up, and mends it the next time", async () => {
    const text =
      'import { existsSync } from "node:fs"; if (existsSync("broken")) throw new Error("syntax");';
    const app = makeApp(
      { "flaky.mjs": `${text}${IDLE}`, "idle.mjs": IDLE },
      { processes: { flaky: "flaky.mjs", idle: "idle.mjs" } },
    );
    await app.master.start();
    mkdirSync(`${app.dir}/broken`);
    await expect(app.master.restart()).rejects.toThrow(/flaky\.0 .*Error: syntax/s);
    expect(app.master.status().state).toBe("degraded");
    expect(app.of("flaky")[0]).toMatchObject({ state: "failed" });
    expect(app.of("idle")[0]).toMatchObject({ state: "ready", epoch: 2 });
    rmdirSync(`${app.dir}/broken`);
    await app.master.restart();
    expect(app.master.status().state).toBe("running");
  });
});
