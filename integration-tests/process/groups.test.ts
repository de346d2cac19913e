import type { AppConfig } from "@elpis/process";
import { describe, expect, it } from "vitest";
import { deployed, pidsOf } from "./deployed.ts";
import { type App, waitFor } from "./support.ts";

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
