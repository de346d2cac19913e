import { describe, expect, it } from "vitest";
import { deployed, keepAsking, web } from "./deployed.ts";
import { get, waitFor } from "./support.ts";

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
