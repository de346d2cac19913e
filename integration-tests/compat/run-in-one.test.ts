// Of processes that start at once the first may be the last to join.
import { once } from "node:events";
import { createConnection, createServer } from "node:net";
import { thinkMessenger } from "@elpis/compat-think";
import { connect } from "@elpis/core";
import { startTestHub, tempDir } from "@elpis/testing";
import { expect, it, onTestFinished, vi } from "vitest";

/** A way to a hub on which nothing that is said arrives before it is let go. */
async function slowWay(
  path: string,
): Promise<{ path: string; isOpen: Promise<unknown>; letGo: () => void }> {
  const dir = await tempDir();
  let open = (): void => {};
  const isOpen = new Promise<void>((resolve) => {
    open = resolve;
  });
  let goOn = (): void => {};
  const server = createServer((socket) => {
    const toHub = createConnection(path, () => open());
    goOn = () => void socket.pipe(toHub).pipe(socket);
    socket.on("error", () => toHub.destroy());
    toHub.on("error", () => socket.destroy());
  });
  const own = process.platform === "win32" ? `\\\\.\\pipe\\slow-${process.pid}` : `${dir.path}/s`;
  server.listen(own);
  await once(server, "listening");
  onTestFinished(async () => {
    server.close();
    await dir.remove();
  });
  return { path: own, isOpen, letGo: () => goOn() };
}

it("runs once when the process that was started first is the last to join", async () => {
  const test = await startTestHub();
  onTestFinished(() => test.close());
  const { path, secret } = test.hub;
  const way = await slowWay(path);
  const isJoined = connect({ path: way.path, secret, location: { name: "web" } });
  await way.isOpen;
  const task = vi.fn();
  const second = thinkMessenger(await test.connect({ name: "web" }));
  expect(await second.runInOne(task, "start")).toBe(true);
  way.letGo();
  const hub = await isJoined;
  onTestFinished(() => hub.close());
  const peers = await hub.peers({ name: "web" });
  expect(peers.map(({ id }) => id - hub.location.id)).toEqual([1, 0]);
  expect(await thinkMessenger(hub).runInOne(task, "start")).toBe(false);
  expect(task).toHaveBeenCalledTimes(1);
});
