import type { ReloadResult } from "@elpis/process";
import { describe, expect, it } from "vitest";
import { type Deployed, deployed, keepAsking, PLAIN, pidsOf, web } from "./deployed.ts";
import { get, waitFor } from "./support.ts";

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
