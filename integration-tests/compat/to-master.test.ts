import { fork } from "node:child_process";
import { startTestHub, type TestHub } from "@elpis/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { makeDir, waitFor } from "../process/support.ts";

/** A process with a parent and a plugin, on the hub of the test. */
const WORKER = `
import { bootPlugins, connect } from "@elpis/core";
import { compatEgg } from "@elpis/compat-egg";
import { compatThink } from "@elpis/compat-think";
const [path, secret] = process.argv.slice(2);
const location = { role: "worker", name: "web" };
const client = await connect({ path, secret, location });
const running = await bootPlugins({ plugins: [compatThink(), compatEgg()], client });
client.handle("send", (message) => process.send(message));
client.handle("close", () => running.close());
process.on("message", (message) => process.send(["heard", message]));
client.handle("started", () => {});
`;

interface Started {
  readonly test: TestHub;
  /** What came over Node's own channel. */
  readonly came: unknown[];
}

/** The master is played by the test: what this version's does not answer yet is answered here. */
async function start(): Promise<Started> {
  const test = await startTestHub();
  onTestFinished(() => test.close());
  const dir = makeDir({ "worker.mjs": WORKER });
  const { path, secret } = test.hub;
  const args = [String(path), String(secret)];
  const child = fork(`${dir}/worker.mjs`, args, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const came: unknown[] = [];
  child.on("message", (message) => came.push(message));
  const { client } = test.hub;
  await client.request("started", undefined, { absent: "wait", timeoutMs: 30_000 });
  return { test, came };
}

describe("what a worker sends to its master", () => {
  it("asks for a replacement, and hears when it is there", async () => {
    const { test, came } = await start();
    const asked: unknown[] = [];
    test.hub.client.handle("elpis.trouble", (input, { from }) => {
      asked.push([from.name, input]);
      return { replaced: true };
    });
    await test.hub.client.request("send", "think-graceful-disconnect", { to: { name: "web" } });
    await waitFor("the answer", () => came.length > 0);
    expect(asked).toEqual([["web", { message: "it sent think-graceful-disconnect" }]]);
    expect(came).toEqual([["heard", "think-graceful-fork"]]);
  });

  it.each(["think-cluster-reload-workers", { to: "master", action: "reload-worker" }])(
    "asks for a reload of all: %j",
    async (message) => {
      const { test, came } = await start();
      const asked: unknown[] = [];
      test.hub.client.handle("elpis.reload", (input) => {
        asked.push(input);
        return {};
      });
      await test.hub.client.request("send", message, { to: { name: "web" } });
      await waitFor("the reload", () => asked.length > 0);
      await test.hub.client.request("send", "last", { to: { name: "web" } });
      await waitFor("the last message", () => came.length > 0);
      expect(asked).toEqual([{}]);
      expect(came).toEqual(["last"]);
    },
  );

  it("leaves as it is when the plugins have closed", async () => {
    const { test, came } = await start();
    const { client } = test.hub;
    const to = { name: "web" };
    await client.request("close", undefined, { to });
    await client.request("send", "think-graceful-disconnect", { to });
    await client.request("send", { to: "master", action: "reload-worker" }, { to });
    await waitFor("both", () => came.length === 2);
    expect(came).toEqual(["think-graceful-disconnect", { to: "master", action: "reload-worker" }]);
  });
});
