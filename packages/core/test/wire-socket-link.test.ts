import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SocketLink } from "../src/wire/link.ts";

let dir: string;
const open: Array<() => void> = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "elpis-"));
});

afterEach(() => {
  for (const close of open.splice(0)) close();
  rmSync(dir, { recursive: true });
});

/** Two ends of a real connection. */
async function sockets(): Promise<[Socket, Socket]> {
  const isPipe = process.platform === "win32";
  const path = isPipe ? `\\\\.\\pipe\\${dir.replaceAll(/\W/g, "")}` : join(dir, "s");
  const server = createServer({ pauseOnConnect: true });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const accepted = new Promise<Socket>((resolve) => server.once("connection", resolve));
  const ours = connect(path);
  const theirs = await accepted;
  open.push(
    () => server.close(),
    () => ours.destroy(),
    () => theirs.destroy(),
  );
  return [ours, theirs];
}

/** Collects what arrives until the link closes. */
function whole(link: SocketLink): Promise<{ bytes: Buffer; cause: Error | undefined }> {
  const chunks: Buffer[] = [];
  return new Promise((resolve) => {
    link.start(
      (chunk) => chunks.push(Buffer.from(chunk)),
      (cause) => resolve({ bytes: Buffer.concat(chunks), cause }),
    );
  });
}

describe("SocketLink", () => {
  test("delivers pieces of every size in order", async () => {
    const [ours, theirs] = await sockets();
    const link = new SocketLink(ours);
    const arrived = whole(new SocketLink(theirs));
    const batches = [
      [10],
      [10, 20, 30],
      [4095, 4096, 4097],
      [1, 5000, 2, 3, 60_000, 4, 5],
      [3, 20_000],
    ];
    const sent: Buffer[] = [];
    for (const sizes of batches) {
      const pieces = sizes.map((size) => Buffer.alloc(size, sent.length + size));
      link.write(
        pieces,
        pieces.reduce((sum, piece) => sum + piece.length, 0),
      );
      sent.push(...pieces);
    }
    link.end();
    expect((await arrived).bytes.equals(Buffer.concat(sent))).toBe(true);
  });

  test("says how much is queued and when nothing is", async () => {
    const [ours, theirs] = await sockets();
    const link = new SocketLink(ours);
    const drained = new Promise<void>((resolve) => link.onDrain(resolve));
    const large = Buffer.alloc(8 * 1024 * 1024);
    link.write([large], large.length);
    expect(link.queuedBytes).toBeGreaterThan(0);
    const arrived = whole(new SocketLink(theirs));
    await drained;
    expect(link.queuedBytes).toBe(0);
    link.end();
    expect((await arrived).bytes).toHaveLength(large.length);
  });

  test("closes when the other side ends, without a cause", async () => {
    const [ours, theirs] = await sockets();
    const closed = whole(new SocketLink(ours));
    new SocketLink(theirs).end();
    expect(await closed).toMatchObject({ cause: undefined });
    expect(ours.destroyed).toBe(true);
  });

  test("closes at once when it is destroyed, and then writes nothing", async () => {
    const [ours, theirs] = await sockets();
    const link = new SocketLink(ours);
    const [closed, theirsClosed] = [whole(link), whole(new SocketLink(theirs))];
    link.destroy();
    link.write([Buffer.from("x")], 1);
    await closed;
    expect((await theirsClosed).bytes).toHaveLength(0);
  });

  test("tells what broke it", async () => {
    const [ours] = await sockets();
    const closed = whole(new SocketLink(ours));
    ours.destroy(new Error("cable cut"));
    expect((await closed).cause?.message).toBe("cable cut");
  });

  test("whoever starts to listen to a dead socket learns that it is", async () => {
    const [ours] = await sockets();
    const link = new SocketLink(ours);
    link.destroy();
    await whole(link);
  });
});
