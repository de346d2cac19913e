import type { Client, Logger } from "@elpis/api";
import { startTestHub, type TestHub, type TestLocation, waitFor } from "@elpis/testing";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type EggMessenger, eggMessenger } from "../src/index.ts";

const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => SILENT };

interface Member {
  readonly hub: Client;
  readonly messenger: EggMessenger;
  readonly heard: unknown[];
  readonly warn: ReturnType<typeof vi.fn>;
}

/** A hub whose own peer plays a master that is in `state`. */
async function application(state: { value: string }): Promise<TestHub> {
  const test = await startTestHub({ log: SILENT });
  onTestFinished(() => test.close());
  test.hub.client.handle("elpis.status", () => ({
    state: state.value,
    dir: "/app",
    processes: [{ role: "master" }, { role: "agent" }, { role: "worker" }, { role: "worker" }],
  }));
  return test;
}

async function join(test: TestHub, location: TestLocation): Promise<Member> {
  const hub = await test.join(location);
  const warn = vi.fn();
  const messenger = eggMessenger(hub, { log: { ...SILENT, warn } });
  onTestFinished(() => messenger.close());
  const heard: unknown[] = [];
  messenger.on("x", (data) => heard.push(data));
  await test.settled();
  return { hub, messenger, heard, warn };
}

/** An app worker that listens before it is ready, as those that Elpis starts do. */
async function boot(test: TestHub): Promise<Member> {
  const app = await join(test, {});
  app.hub.setReady(false);
  await test.settled();
  app.hub.setReady(true);
  await test.settled();
  return app;
}

const started = ({ messenger }: Member): Promise<unknown> =>
  new Promise((resolve) => messenger.once("egg-ready", resolve));

/** An agent (pid 10) and two app workers (20, 21), all of them ready. */
async function family(): Promise<{ test: TestHub; agent: Member; apps: [Member, Member] }> {
  const test = await application({ value: "running" });
  const agent = await join(test, { role: "agent", pid: 10 });
  const apps = [
    await join(test, { name: "web", pid: 20 }),
    await join(test, { name: "jobs", pid: 21 }),
  ] as [Member, Member];
  await Promise.all([agent, ...apps].map(started));
  // Each knows the others as well.
  await waitFor(
    () => agent.messenger.opids.length === 2 && apps.every((one) => one.messenger.opids[0] === 10),
    { what: "the pids" },
  );
  return { test, agent, apps };
}

async function heardBy(test: TestHub, members: readonly Member[], want: unknown[]): Promise<void> {
  await waitFor(() => JSON.stringify(members.map(({ heard }) => heard)) === JSON.stringify(want), {
    what: `${JSON.stringify(want)}, not ${JSON.stringify(members.map(({ heard }) => heard))}`,
    timeoutMs: 3000,
  }).catch(() => {});
  await test.settled();
  expect(members.map(({ heard }) => heard)).toEqual(want);
}

describe("who hears what", () => {
  it.each<[keyof EggMessenger, "agent" | "app", unknown[]]>([
    ["broadcast", "agent", [[1], [1], [1]]],
    ["broadcast", "app", [[1], [1], [1]]],
    ["sendToApp", "agent", [[], [1], [1]]],
    ["sendToApp", "app", [[], [1], [1]]],
    ["sendToAgent", "agent", [[1], [], []]],
    ["sendToAgent", "app", [[1], [], []]],
    ["sendRandom", "app", [[1], [], []]],
  ])("%s from the %s", async (verb, role, want) => {
    const { test, agent, apps } = await family();
    const { messenger } = role === "agent" ? agent : apps[0];
    await (messenger[verb] as EggMessenger["broadcast"])("x", 1);
    await heardBy(test, [agent, ...apps], want);
  });

  it("sendRandom from the agent reaches one app worker each time, and all of them in the end", async () => {
    const { agent, apps } = await family();
    for (let n = 1; n <= 40; n++) {
      await agent.messenger.sendRandom("x", n);
      await waitFor(() => apps[0].heard.length + apps[1].heard.length === n, { what: `${n}` });
    }
    expect(apps.every(({ heard }) => heard.length > 0)).toBe(true);
    expect(agent.heard).toEqual([]);
  });

  it("sendTo reaches the process with that id, which may be a text, and the sender itself", async () => {
    const { test, agent, apps } = await family();
    await agent.messenger.sendTo(21, "x", "a");
    await apps[1].messenger.sendTo("10", "x", "b");
    await apps[0].messenger.sendTo(20, "x", "c");
    await heardBy(test, [agent, ...apps], [["b"], ["c"], ["a"]]);
  });

  it.each([99, "99", "no number"])("sendTo of the unknown pid %j is an error", async (pid) => {
    const { agent } = await family();
    await expect(agent.messenger.sendTo(pid, "x")).rejects.toMatchObject({
      code: "ELPIS_EGG_UNKNOWN_PID",
      details: { pid, known: [10, 20, 21] },
    });
    expect(agent.warn).toHaveBeenCalledTimes(1);
  });

  it("sendTo of a process that has just gone is an error, of one that does not listen is not", async () => {
    const { test, agent, apps } = await family();
    await agent.messenger.sendTo(20, "nobody listens to this");
    await apps[1].hub.close();
    await test.settled();
    await expect(agent.messenger.sendTo(21, "x")).rejects.toMatchObject({
      code: "ELPIS_EGG_UNKNOWN_PID",
    });
  });

  it("other applications and peers of other roles hear nothing", async () => {
    const { test, agent, apps } = await family();
    const others = [
      await join(test, { role: "peer", name: "cli" }),
      await join(test, { app: "other" }),
    ];
    await agent.messenger.broadcast("x", 1);
    await heardBy(test, [...apps, ...others], [[1], [1], [], []]);
  });

  it("dates and bytes arrive as they were", async () => {
    const { test, agent, apps } = await family();
    const data = { at: new Date(1e12), bytes: Buffer.from("tea") };
    await agent.messenger.broadcast("x", data);
    await waitFor(() => [agent, ...apps].every(({ heard }) => heard.length === 1), { what: "all" });
    await test.settled();
    for (const { heard } of [agent, ...apps]) {
      const [copy] = heard as (typeof data)[];
      expect(copy).toEqual(data);
      expect(copy?.bytes.toString("utf8")).toBe("tea");
    }
  });
});

describe("send", () => {
  it("goes to the other side without a target, and to that one with it", async () => {
    const { test, agent, apps } = await family();
    await agent.messenger.send("x", 1);
    await apps[0].messenger.send("x", 2);
    await apps[0].messenger.send("x", 3, "app");
    await agent.messenger.send("x", 4, "agent");
    await waitFor(() => apps[1].heard.length === 2 && agent.heard.length === 2, { what: "all" });
    await heardBy(test, [agent], [[2, 4]]);
    expect([...(apps[1].heard as number[])].sort()).toEqual([1, 3]);
  });

  it("reload-worker to the master asks for a reload of all", async () => {
    const { test, agent } = await family();
    const asked = vi.fn();
    test.hub.client.handle("elpis.reload", (input) => {
      asked(input);
      return {};
    });
    await agent.messenger.send("reload-worker", undefined, "master");
    expect(asked).toHaveBeenCalledExactlyOnceWith({});
  });

  it("to anybody else is an error", async () => {
    const { agent } = await family();
    const code = "ELPIS_EGG_NO_ROUTE";
    await expect(agent.messenger.send("x", 1, "parent")).rejects.toMatchObject({ code });
    await expect(agent.messenger.send("x", 1, "master")).rejects.toMatchObject({ code });
  });

  it("is reported when it fails, also when nobody waits", async () => {
    const { agent } = await family();
    void agent.messenger.sendToApp("x", () => {});
    await waitFor(() => agent.warn.mock.calls.length > 0, { what: "the warning" });
    expect(agent.warn.mock.calls[0]?.[0]).toContain('"x" was not sent');
  });
});

describe("listeners", () => {
  it("has the methods of an emitter", async () => {
    const { agent } = await family();
    const { messenger } = agent;
    const one = (): void => {};
    messenger.on("a", one).addListener("a", one).once("b", one);
    expect(messenger.off("a", one).listenerCount("a")).toBe(1);
    expect(messenger.removeListener("a", one).listeners("a")).toEqual([]);
    expect(messenger.removeAllListeners("b").listenerCount("b")).toBe(0);
    expect(messenger.removeAllListeners().listenerCount("x")).toBe(0);
  });

  it("one that throws or rejects is reported, and keeps no other from being called", async () => {
    const { agent, apps } = await family();
    const { messenger, warn } = apps[0];
    messenger.once("y", () => {
      throw new Error("throws");
    });
    messenger.once("y", async () => {
      throw new Error("rejects");
    });
    const last = vi.fn();
    messenger.on("y", last);
    await agent.messenger.sendToApp("y", 1);
    await waitFor(() => warn.mock.calls.length === 2 && last.mock.calls.length === 1, {
      what: "all three",
    });
  });

  it("onMessage calls them as if it had come", async () => {
    const { agent } = await family();
    agent.messenger.onMessage({ action: "x", data: 7 });
    expect(agent.heard).toEqual([7]);
  });

  it("nobody else can say egg-ready", async () => {
    const { test, agent, apps } = await family();
    const ready = vi.fn();
    apps[0].messenger.on("egg-ready", ready);
    await waitFor(() => ready.mock.calls.length === 1, { what: "the one it had missed" });
    await agent.messenger.sendToApp("egg-ready", "false");
    await test.settled();
    expect(ready).toHaveBeenCalledTimes(1);
  });
});

describe("egg-ready", () => {
  it("comes once in each process, when the application has started and the process is ready", async () => {
    const state = { value: "starting" };
    const test = await application(state);
    const agent = await join(test, { role: "agent" });
    const app = await join(test, {});
    app.hub.setReady(false);
    await test.settled();
    const ready = { agent: vi.fn(), app: vi.fn() };
    agent.messenger.on("egg-ready", ready.agent);
    app.messenger.on("egg-ready", ready.app);
    await agent.hub.request("elpis.status", {});
    expect(ready.agent).not.toHaveBeenCalled();
    state.value = "running";
    await waitFor(() => ready.agent.mock.calls.length > 0, { what: "that of the agent" });
    expect(ready.app).not.toHaveBeenCalled();
    app.hub.setReady(true);
    await waitFor(() => ready.app.mock.calls.length > 0, { what: "that of the app" });
    app.hub.setReady(false);
    app.hub.setReady(true);
    await test.settled();
    expect(ready.agent).toHaveBeenCalledExactlyOnceWith({ baseDir: "/app", workers: 2 });
    expect(ready.app).toHaveBeenCalledTimes(1);
  });

  it("comes to a process that is started later, and to a listener that is", async () => {
    const { test } = await family();
    const app = await join(test, {});
    expect(await started(app)).toEqual({ baseDir: "/app", workers: 2 });
    const late = { once: vi.fn(), on: vi.fn(), gone: vi.fn() };
    app.messenger.once("egg-ready", late.once).on("egg-ready", late.on);
    app.messenger.on("egg-ready", late.gone).off("egg-ready", late.gone);
    await waitFor(() => late.on.mock.calls.length > 0, { what: "it" });
    expect([late.once, late.on, late.gone].map(({ mock }) => mock.calls.length)).toEqual([1, 1, 0]);
    expect(app.messenger.listenerCount("egg-ready")).toBe(1);
  });

  it("comes also where nobody supervises", async () => {
    const test = await startTestHub();
    onTestFinished(() => test.close());
    expect(await started(await join(test, {}))).toEqual({});
  });
});

describe("egg-pids", () => {
  it("tells the agent of the app workers that are ready, and these of the agent", async () => {
    const { test, agent, apps } = await family();
    const pids = { agent: vi.fn(), app: vi.fn() };
    agent.messenger.on("egg-pids", pids.agent);
    apps[0].messenger.on("egg-pids", pids.app);
    await waitFor(() => pids.agent.mock.calls.length + pids.app.mock.calls.length === 2, {
      what: "what they had missed",
    });
    apps[1].hub.setReady(false);
    await waitFor(() => pids.agent.mock.calls.length === 2, { what: "the change" });
    await join(test, { pid: 22 });
    await waitFor(() => pids.agent.mock.calls.length === 3, { what: "the new one" });
    expect(pids.agent.mock.calls).toEqual([[[20, 21]], [[20]], [[20, 22]]]);
    await agent.hub.close();
    await waitFor(() => pids.app.mock.calls.length === 2, { what: "the end of the agent" });
    await join(test, { role: "agent", pid: 11 });
    await waitFor(() => pids.app.mock.calls.length === 3, { what: "the new agent" });
    expect(pids.app.mock.calls).toEqual([[[10]], [[]], [[11]]]);
    expect(apps[0].messenger.opids).toEqual([11]);
  });
});

describe("before the other side is there", () => {
  it("what the agent sends before the start reaches every app worker, once, in order", async () => {
    const state = { value: "starting" };
    const test = await application(state);
    const agent = await join(test, { role: "agent" });
    const data = { n: 1 };
    void agent.messenger.sendToApp("x", data);
    data.n = 0;
    const first = await boot(test);
    void agent.messenger.broadcast("x", { n: 2 });
    const second = await boot(test);
    await heardBy(
      test,
      [first, second],
      [
        [{ n: 1 }, { n: 2 }],
        [{ n: 1 }, { n: 2 }],
      ],
    );
    state.value = "running";
    await Promise.all([agent, first, second].map(started));
    void agent.messenger.sendToApp("x", { n: 3 });
    await heardBy(
      test,
      [agent, first, second],
      [[{ n: 2 }], [{ n: 1 }, { n: 2 }, { n: 3 }], [{ n: 1 }, { n: 2 }, { n: 3 }]],
    );
  });

  it("an app worker that starts can ask the agent and hear its answer, before anybody is ready", async () => {
    const test = await application({ value: "starting" });
    const agent = await join(test, { role: "agent" });
    agent.messenger.on("ask", (pid: number) => {
      void agent.messenger.sendTo(pid, "x", "to one");
      void agent.messenger.sendToApp("x", "to all");
    });
    const app = await join(test, { pid: 20 });
    app.hub.setReady(false);
    await test.settled();
    void app.messenger.sendToAgent("ask", 20);
    await heardBy(test, [app], [["to one", "to all"]]);
  });

  it("what is sent to an agent that is away waits for it", async () => {
    const { test, agent, apps } = await family();
    await agent.hub.close();
    await waitFor(() => apps[0].messenger.opids.length === 0, { what: "its end" });
    const sent = [apps[0].messenger.sendToAgent("x", 1), apps[0].messenger.sendRandom("x", 2)];
    const next = await join(test, { role: "agent", pid: 11 });
    await Promise.all(sent);
    await heardBy(test, [next], [[1, 2]]);
  });

  it("sendRandom from the agent waits for an app worker", async () => {
    const test = await application({ value: "starting" });
    const agent = await join(test, { role: "agent" });
    const sent = agent.messenger.sendRandom("x", 1);
    const app = await join(test, {});
    await sent;
    await heardBy(test, [app], [[1]]);
  });
});

it("is the same messenger for the same connection, through whatever it is reached", async () => {
  const { agent, apps } = await family();
  const through = new Proxy({} as Client, {
    get: (_, property): unknown => Reflect.get(agent.hub, property, agent.hub),
  });
  expect(eggMessenger(through)).toBe(agent.messenger);
  expect(apps[0].messenger).not.toBe(agent.messenger);
});
