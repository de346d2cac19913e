import { describe, expect, it } from "vitest";
import { deployed, keepAsking, PLAIN, pidsOf, web } from "./deployed.ts";
import { get, isAlive, waitFor } from "./support.ts";

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
