import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { definePlugin, type OneOffs, oneOffs } from "@elpis/api";
import { describe, expect, it, onTestFinished } from "vitest";
import { type App, IDLE, isAlive, makeApp, makeDir, waitFor } from "../process/support.ts";

const FILES = { "idle.mjs": IDLE };

/** An application whose plugin has the capability. */
function appWith(files: Readonly<Record<string, string>>): { app: App; get: () => OneOffs } {
  let found: OneOffs | undefined;
  const plugin = definePlugin({
    name: "starter",
    roles: ["master"],
    needs: [oneOffs],
    setup(host) {
      found = host.get(oneOffs);
    },
  });
  const config = { processes: { idle: "idle.mjs" }, plugins: [plugin()] };
  const app = makeApp({ ...FILES, ...files }, config);
  return { app, get: () => found as OneOffs };
}

describe("processes that run once", () => {
  it("are peers, are heard, and end with what they wrote", async () => {
    const { app, get } = appWith({
      "once.mjs": `import { hub } from "@elpis/core/process";
        console.log("to", process.argv[2]);
        await hub.request("said", process.env.WORD, { to: { role: "master" } });
        console.error("last words");
        process.exit(3);`,
    });
    await app.master.start();
    const said: unknown[] = [];
    app.master.hub.client.handle(
      "said",
      (word, { from }) => void said.push([word, from.name, from.pid, from.role]),
    );
    const before = app.master.status().processes.length;
    const running = get().start({
      name: "helper",
      entry: `${app.dir}/once.mjs`,
      args: ["you"],
      env: { WORD: "hello" },
    });
    expect(app.master.status().processes.length).toBe(before);
    const end = await running.ended;
    expect(end).toEqual({ code: 3, signal: null, lastLines: ["to you", "last words"] });
    expect(said).toEqual([["hello", "helper", running.pid, "worker"]]);
    expect(app.said("helper")).toEqual(["to you", "last words"]);
  });

  it("of one name at once are told apart by their index", async () => {
    const { app, get } = appWith({});
    await app.master.start();
    const start = () => get().start({ name: "helper", entry: `${app.dir}/idle.mjs` });
    const [first, second] = [start(), start()];
    await waitFor("both to be peers", async () => {
      const peers = await app.master.hub.client.peers({ name: "helper" });
      return (
        peers.every(({ ready }) => ready) &&
        peers
          .map(({ index, id }) => [index, id])
          .sort()
          .join() ===
          [
            [0, first.peerId],
            [1, second.peerId],
          ].join()
      );
    });
    first.kill();
    expect(await first.ended).toMatchObject({ code: 0 });
    expect(start().peerId).not.toBe(first.peerId);
  });

  it("cannot be started before the application is up, under a name that is taken, or in no folder", async () => {
    const { app, get } = appWith({});
    const what = { name: "helper", entry: `${app.dir}/idle.mjs` };
    const code = "ELPIS_PROCESS_ONE_OFF";
    const refused = (start: () => unknown, retryable: boolean): void => {
      expect(start).toThrow(expect.objectContaining({ code, retryable }));
    };
    const starting = app.master.start();
    await waitFor("the plugin", () => get() !== undefined);
    refused(() => get().start(what), true);
    await starting;
    refused(() => get().start({ ...what, name: "idle" }), false);
    refused(() => get().start({ ...what, cwd: "/no/such/folder" }), false);
    const running = get().start(what);
    const stopping = app.master.stop();
    await waitFor("the stop to begin", () => app.master.status().state === "stopping");
    refused(() => get().start(what), true);
    await stopping;
    expect(isAlive(running.pid)).toBe(false);
  });

  it("that ignore SIGTERM, or have started others, are killed with the application", async () => {
    const { app, get } = appWith({
      "stubborn.mjs": `import { spawn } from "node:child_process";
        console.log(spawn("sleep", ["600"]).pid);
        setTimeout(() => { for (;;); }, 50);`,
    });
    await app.master.start();
    const running = get().start({ name: "stubborn", entry: `${app.dir}/stubborn.mjs` });
    const [child] = await waitFor(
      "its child",
      () => app.said("stubborn").length > 0 && app.said("stubborn"),
    );
    await app.master.stop({ now: true });
    expect(await running.ended).toMatchObject({ signal: "SIGKILL" });
    await waitFor("its child to be gone", () => !isAlive(Number(child)));
  });

  it("do not outlive a master that is killed, though they block", async () => {
    const dir = makeDir({
      ...FILES,
      "block.mjs": "console.log(process.pid); setTimeout(() => { for (;;); }, 50);",
      "run.mjs": `import { definePlugin, oneOffs } from "@elpis/api";
        import { createMaster } from "@elpis/process";
        let found;
        const plugin = definePlugin({ name: "starter", roles: ["master"], needs: [oneOffs],
          setup(host) { found = host.get(oneOffs); } });
        const config = { name: "once", processes: { idle: "idle.mjs" }, plugins: [plugin()] };
        const master = createMaster({ config, dir: "run", output: ({ process: name, text }) => console.log(name, text) });
        await master.start();
        found.start({ name: "block", entry: process.cwd() + "/block.mjs" });`,
    });
    const master: ChildProcess = spawn(process.execPath, ["run.mjs"], {
      cwd: dir,
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void master.kill("SIGKILL"));
    let text = "";
    master.stdout?.on("data", (chunk: Buffer) => {
      text += String(chunk);
    });
    const pid = Number((await waitFor("its pid", () => /block (\d+)/.exec(text), 30_000))[1]);
    master.kill("SIGKILL");
    await once(master, "exit");
    await waitFor("it to be gone", () => !isAlive(pid), 15_000);
  });
});
