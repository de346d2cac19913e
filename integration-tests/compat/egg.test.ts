import { describe, expect, it } from "vitest";
import { waitFor } from "../process/support.ts";
import { type App, startApp } from "./support.ts";

const CONFIG = `
import { compatEgg } from "@elpis/compat-egg";
export default {
  name: "egg",
  agent: "./agent.cjs",
  processes: { web: { entry: "./app.cjs", scale: 2, ready: "message" } },
  plugins: [compatEgg()],
};
`;

/** What both sides have: whatever is asked of the messenger from outside, and what they have heard. */
const BOTH = `
const { hub } = require("@elpis/core/process");
const { eggMessenger } = require("@elpis/compat-egg");
const messenger = eggMessenger(hub);
const heard = [];
for (const action of ["egg-ready", "egg-pids", "early", "x"]) {
  messenger.on(action, (data) => void heard.push([action, data]));
}
hub.handle("heard", () => heard);
hub.handle("call", ([verb, ...rest]) => messenger[verb](...rest));
hub.handle("process.send", (message) => process.send(message));
setInterval(() => {}, 1000);
`;

const AGENT = `
${BOTH}
messenger.sendToApp("early", { at: new Date(0), bytes: Buffer.from("tea") });
messenger.on("ask", (pid) => messenger.sendTo(pid, "answer", "to " + pid));
`;

/** It gets ready only when the agent has answered it. */
const APP = `
${BOTH}
module.exports = new Promise((resolve) => messenger.once("answer", resolve)).then((answer) => {
  heard.push(["answer", answer]);
  hub.setReady(true);
});
messenger.sendToAgent("ask", process.pid);
`;

const FILES = { "elpis.config.mjs": CONFIG, "agent.cjs": AGENT, "app.cjs": APP };
const APPS = ["web.0", "web.1"];

type Heard = Array<[action: string, data: unknown]>;

async function heardBy(app: App, process: string, action: string): Promise<unknown[]> {
  const all = (await app.ask(process, "heard")) as Heard;
  return all.filter(([one]) => one === action).map(([, data]) => data);
}

/** Waits until a process has heard `count` of an action, and gives them. */
async function hear(app: App, process: string, action: string, count = 1): Promise<unknown[]> {
  return waitFor(`${count} ${action} in ${process}`, async () => {
    // It may be on its way to be replaced.
    const heard = await heardBy(app, process, action).catch(() => []);
    return heard.length >= count && heard;
  });
}

describe("an application of Egg", () => {
  it("starts: nothing that the agent says early is lost, and egg-ready comes once to each", async () => {
    const app = await startApp(FILES);
    const ready = { baseDir: app.master.status().dir, workers: 2 };
    for (const process of ["agent", ...APPS]) {
      expect(await hear(app, process, "egg-ready")).toEqual([ready]);
    }
    for (const process of APPS) {
      expect(await hear(app, process, "early")).toEqual([
        { at: new Date(0), bytes: Buffer.from("tea") },
      ]);
      expect(await heardBy(app, process, "answer")).toEqual([`to ${app.pid(process)}`]);
      expect((await hear(app, process, "egg-pids")).at(-1)).toEqual([app.pid("agent")]);
    }
    const pids = APPS.map((process) => app.pid(process));
    const told = (await hear(app, "agent", "egg-pids")).at(-1) as number[];
    expect(told.sort()).toEqual(pids.sort());
  });

  it("sends to all, to one, to the agent and to a random one, also by process.send", async () => {
    const app = await startApp(FILES);
    await app.ask("web.0", "call", ["broadcast", "x", "from web"]);
    await app.ask("agent", "call", ["sendToApp", "x", "from agent"]);
    await app.ask("web.0", "call", ["sendRandom", "x", "random to agent"]);
    await app.ask("web.0", "call", ["sendTo", app.pid("web.1"), "x", "to one"]);
    await app.ask("web.1", "process.send", { action: "x", data: "raw to agent", to: "agent" });
    await app.ask("agent", "process.send", { action: "x", data: "raw to app" });
    const want = {
      agent: ["from web", "random to agent", "raw to agent"],
      "web.0": ["from web", "from agent", "raw to app"],
      "web.1": ["from web", "from agent", "to one", "raw to app"],
    };
    for (const [process, texts] of Object.entries(want)) {
      expect((await hear(app, process, "x", texts.length)).sort()).toEqual(texts.sort());
    }
    await app.ask("agent", "call", ["sendRandom", "x", "random to app"]);
    const random = await waitFor("the random one", async () => {
      const all = await Promise.all(APPS.map((process) => heardBy(app, process, "x")));
      const found = all.flat().filter((text) => text === "random to app");
      return found.length > 0 && found;
    });
    expect(random).toHaveLength(1);
    await expect(app.ask("web.0", "call", ["sendTo", 1, "x"])).rejects.toThrow(
      /No agent or app worker has the process id 1;/,
    );
  });

  it("a killed agent comes back: the apps hear of it, it hears egg-ready and what waited for it", async () => {
    const app = await startApp(FILES);
    await hear(app, "web.0", "egg-ready");
    const old = app.pid("agent");
    expect((await hear(app, "web.0", "egg-pids")).at(-1)).toEqual([old]);
    process.kill(old, "SIGKILL");
    await waitFor("the end of the agent", async () => {
      const pids = (await heardBy(app, "web.0", "egg-pids")) as number[][];
      return pids.some(({ length }) => length === 0);
    });
    await app.ask("web.0", "call", ["sendToAgent", "x", "waited"]);
    expect(await hear(app, "agent", "x")).toEqual(["waited"]);
    expect(await hear(app, "agent", "egg-ready")).toHaveLength(1);
    const next = app.pid("agent");
    expect(next).not.toBe(old);
    await waitFor("the new agent", async () => {
      const pids = (await heardBy(app, "web.0", "egg-pids")) as number[][];
      return pids.at(-1)?.[0] === next && pids.map(([pid]) => pid).join() === `${old},,${next}`;
    });
    expect(await heardBy(app, "web.0", "egg-ready")).toHaveLength(1);
  });

  it("a killed app worker is replaced: the agent hears of it, the new one hears egg-ready", async () => {
    const app = await startApp(FILES);
    await hear(app, "agent", "egg-ready");
    const old = app.pid("web.1");
    process.kill(old, "SIGKILL");
    await waitFor("the replacement", () => app.isReady("web.1", 2));
    expect(await hear(app, "web.1", "egg-ready")).toHaveLength(1);
    await waitFor("its pid", async () => {
      const pids = (await heardBy(app, "agent", "egg-pids")) as number[][];
      return [app.pid("web.0"), app.pid("web.1")].every((pid) => pids.at(-1)?.includes(pid));
    });
    expect(await heardBy(app, "agent", "egg-ready")).toHaveLength(1);
  });

  it("has one messenger though the configuration is TypeScript, which loads the package a second time", async () => {
    const app = await startApp({ "elpis.config.ts": CONFIG, "agent.cjs": AGENT, "app.cjs": APP });
    await app.ask("agent", "call", ["sendToApp", "x", "hi"]);
    for (const process of APPS) expect(await hear(app, process, "x")).toEqual(["hi"]);
    for (const process of APPS) expect(await hear(app, process, "egg-ready")).toHaveLength(1);
  });
});
