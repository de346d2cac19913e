import { existsSync, readdirSync } from "node:fs";
import type { Logger, Request } from "@elpis/api";
import { startTestHub, type TestHub, type TestHubOptions, tempDir, waitFor } from "@elpis/testing";
import { describe, expect, expectTypeOf, onTestFinished, test, vi } from "vitest";

const isWindows = process.platform === "win32";

interface Topics {
  readonly add: Request<readonly [number, number], number>;
}

async function started(options?: TestHubOptions): Promise<TestHub> {
  const kit = await startTestHub(options);
  onTestFinished(() => kit.close());
  return kit;
}

describe("startTestHub", () => {
  test("in-memory peers talk to each other through a real hub", async () => {
    const kit = await started();
    const web = await kit.join<Topics>({ name: "web" });
    const jobs = await kit.join<Topics>({ name: "jobs" });
    web.handle("add", ([a, b]) => a + b);
    await kit.settled();
    const sum = await jobs.request("add", [2, 3]);
    expectTypeOf(sum).toEqualTypeOf<number>();
    expect(sum).toBe(5);
    expect(kit.hub.stats().peers.map((peer) => peer.name)).toEqual(["master", "web", "jobs"]);
  });

  test("fills in locations: a worker of the hub's application with the next index", async () => {
    const kit = await started({ name: "shop" });
    const { pid } = process;
    const peers = [
      await kit.join(),
      await kit.join(),
      await kit.join({ name: "web", index: 4 }),
      await kit.join({ name: "web" }),
      await kit.join({ role: "agent", pid: 77, epoch: 3, app: "other" }),
    ];
    expect(peers.map(({ location: { id, ...rest } }) => rest)).toEqual([
      { app: "shop", role: "worker", name: "worker", index: 0, pid, epoch: 1 },
      { app: "shop", role: "worker", name: "worker", index: 1, pid, epoch: 1 },
      { app: "shop", role: "worker", name: "web", index: 4, pid, epoch: 1 },
      { app: "shop", role: "worker", name: "web", index: 5, pid, epoch: 1 },
      { app: "other", role: "agent", name: "agent", index: 0, pid: 77, epoch: 3 },
    ]);
  });

  test("a peer that has joined is known to be ready, to everyone", async () => {
    const kit = await started();
    const { location } = await kit.join();
    expect(await kit.hub.client.peers({ id: location.id })).toEqual([{ ...location, ready: true }]);
  });

  test("peers connect over the socket too", async () => {
    const kit = await started();
    const inside = await kit.join({ name: "web" });
    const outside = await kit.connect({ name: "cli" });
    expect(outside.location).toMatchObject({ app: "test", role: "peer", name: "cli" });
    const heard = new Promise((resolve) => outside.on("hello", resolve));
    await kit.settled();
    await inside.emit("hello", { from: "inside" });
    expect(await heard).toEqual({ from: "inside" });
  });

  test("close ends every peer and removes the folder, once", async () => {
    const kit = await startTestHub();
    const peers = [await kit.join(), await kit.connect(), await kit.join()];
    const { dir } = kit.hub;
    expect(existsSync(dir)).toBe(true);
    // One that has left by itself is no trouble.
    await peers[2]?.close();

    await Promise.all([kit.close(), kit.close()]);
    for (const peer of peers) expect(await peer.closed).toBeUndefined();
    expect(existsSync(dir)).toBe(false);
    await kit[Symbol.asyncDispose]();
  });

  test("a scope that ends closes it", async () => {
    let dir = "";
    {
      await using kit = await startTestHub();
      dir = kit.hub.dir;
      expect(existsSync(dir)).toBe(true);
    }
    expect(existsSync(dir)).toBe(false);
  });

  test.skipIf(isWindows)("a hub that does not start leaves no folder", async () => {
    await using temp = await tempDir();
    vi.stubEnv("TMPDIR", temp.path);
    onTestFinished(() => void vi.unstubAllEnvs());
    await expect(startTestHub({ name: "no name" })).rejects.toMatchObject({
      code: "ELPIS_HUB_BAD_NAME",
    });
    expect(readdirSync(temp.path)).toEqual([]);
  });

  test("hubs and peers write to the log that is given", async () => {
    const lines: string[] = [];
    const keep = (message: string): void => void lines.push(message);
    const log: Logger = { debug: keep, info: keep, warn: keep, error: keep, child: () => log };
    const kit = await started({ log });
    for (const peer of [await kit.join(), await kit.connect()]) {
      peer.on("boom", () => {
        throw new Error("boom");
      });
    }
    await kit.settled();
    await kit.hub.client.emit("boom", undefined);
    await waitFor(() => lines.length === 2, { what: "a line of each peer" });
    expect(lines).toEqual(['a listener to "boom" failed', 'a listener to "boom" failed']);
  });

  test("two hubs with the same name do not meet", async () => {
    const one = await started();
    const other = await started();
    await one.join({ name: "web" });
    expect(await one.hub.client.peers({ name: "web" })).toHaveLength(1);
    expect(await other.hub.client.peers({ name: "web" })).toEqual([]);
  });
});
