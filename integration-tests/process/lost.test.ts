import { describe, expect, it } from "vitest";
import { makeApp, waitFor } from "./support.ts";

/** Answers at once, except when it is asked to hold on: then never. */
const KEEPER = `
import { hub } from "@elpis/core/process";
let held = 0;
hub.handle("pid", () => process.pid);
hub.handle("held", () => held);
hub.handle("hold", () => { held += 1; return new Promise(() => {}); });
`;

/** Far longer than the test: what ends before it was not ended by the deadline. */
const NEVER_MS = 600_000;
const HELD = 50;

describe("kill -9 of a worker under load", () => {
  it("fails what it works on at once, and only that; the others answer on", async () => {
    const app = makeApp(
      { "keeper.mjs": KEEPER },
      { processes: { keeper: { entry: "keeper.mjs", scale: 2 } } },
    );
    await app.master.start();
    const { client } = app.master.hub;
    const [victim, other] = (await client.peers({ name: "keeper" })).sort(
      (a, b) => a.index - b.index,
    );
    if (victim === undefined || other === undefined) throw new Error("there are not two");

    let answered = 0;
    let goOn = true;
    const load = Array.from({ length: 8 }, async () => {
      while (goOn) {
        const pid = await client.request("pid", null, { to: { id: other.id } });
        expect(pid).toBe(other.pid);
        answered++;
      }
    });
    const ask = (id: number): Promise<{ code: string; pid: number }> =>
      client
        .request("hold", null, { to: { id }, timeoutMs: NEVER_MS })
        .catch((error) => ({ code: error.code, pid: error.details.from?.pid }));
    const lost = Array.from({ length: HELD }, () => ask(victim.id));
    const kept = ask(other.id);
    await waitFor("all to be worked on", async () => {
      return (await client.request("held", null, { to: { id: victim.id } })) === HELD;
    });

    process.kill(victim.pid, "SIGKILL");
    const answeredAtKill = answered;
    const outcomes = await Promise.all(lost);
    expect(outcomes).toEqual(Array(HELD).fill({ code: "ELPIS_HUB_PEER_LOST", pid: victim.pid }));
    expect(await Promise.race([kept, "still open"])).toBe("still open");
    await waitFor("the other to answer on", () => answered > answeredAtKill + 100);
    await waitFor("the replacement", async () => {
      const [back] = await client.peers({ name: "keeper", index: 0 });
      return back?.ready && back.epoch === 2 && back.pid !== victim.pid;
    });
    goOn = false;
    await Promise.all(load);
    expect(app.master.hub.stats()).toMatchObject({ expired: 0, openCalls: 1 });
  });
});
