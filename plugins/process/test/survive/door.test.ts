import { existsSync, statSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { comeBack, packReturning, readReturning } from "../../src/survive/comeback.ts";
import { Door, doorPath } from "../../src/survive/door.ts";
import { goOnReading, hear, say } from "../../src/survive/line-talk.ts";
import { SILENT, tempDir } from "./support.ts";

const NEVER = new AbortController().signal;

interface Opened {
  readonly door: Door;
  readonly path: string;
  readonly came: [string, Socket][];
}

async function openDoor(ids: Readonly<Record<string, string>>): Promise<Opened> {
  const dir = tempDir();
  const door = new Door(dir, SILENT);
  const came: [string, Socket][] = [];
  for (const [id, token] of Object.entries(ids)) {
    door.expect(id, {
      token,
      onSocket: (purpose, socket) => came.push([`${id} ${purpose}`, socket]),
    });
  }
  await door.open();
  onTestFinished(() => {
    door.close();
    for (const [, socket] of came) socket.destroy();
  });
  return { door, path: doorPath(dir), came };
}

function ended(socket: Socket): Promise<void> {
  socket.resume();
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

describe("the door", () => {
  it("is open for its user only, and gone when it is closed", async () => {
    const { door, path } = await openDoor({});
    expect(statSync(path).mode & 0o777).toBe(0o600);
    door.close();
    expect(existsSync(path)).toBe(false);
  });

  it.each(["hub", "channel"] as const)("lets in who knows its token, as a %s", async (purpose) => {
    const { path, came } = await openDoor({ "web.0.1": "right" });
    const socket = await comeBack({ id: "web.0.1", token: "right", path }, purpose, NEVER);
    onTestFinished(() => void socket.destroy());
    expect(came.map(([what]) => what)).toEqual([`web.0.1 ${purpose}`]);
    const theirs = came[0]?.[1] as Socket;
    goOnReading(theirs);
    const heard = new Promise((resolve) => theirs.once("data", resolve));
    theirs.resume();
    socket.write("what follows is the owner's");
    expect(String(await heard)).toBe("what follows is the owner's");
  });

  it("refuses for good who is not expected, and an earlier start of the same instance", async () => {
    const { door, path, came } = await openDoor({ "web.0.2": "right" });
    const old = comeBack({ id: "web.0.1", token: "right", path }, "hub", NEVER);
    await expect(old).rejects.toMatchObject({ code: "ELPIS_PROTOCOL_AUTH" });
    door.forget("web.0.2");
    const gone = comeBack({ id: "web.0.2", token: "right", path }, "hub", NEVER);
    await expect(gone).rejects.toMatchObject({ code: "ELPIS_PROTOCOL_AUTH" });
    expect(came).toEqual([]);
  });

  it("is not opened by a wrong token, by a proof for something else, nor by one of its own", async () => {
    const { path, came } = await openDoor({ "web.0.1": "right" });
    const giveUp = new AbortController();
    const wrong = comeBack({ id: "web.0.1", token: "wrong", path }, "hub", giveUp.signal);
    const begin = async (purpose: string): Promise<[Socket, Readonly<Record<string, unknown>>]> => {
      const socket = connect(path);
      const nonce = Buffer.alloc(16).toString("base64url");
      say(socket, { id: "web.0.1", purpose, nonce });
      return [socket, await hear(socket)];
    };
    const [hub, { proof }] = await begin("hub");
    const [channel] = await begin("channel");
    for (const socket of [hub, channel]) {
      say(socket, { proof });
      goOnReading(socket);
      await ended(socket);
    }
    giveUp.abort();
    await expect(wrong).rejects.toThrow();
    expect(came).toEqual([]);
  });

  it.each([
    ["junk", "\0\0\0 junk\n"],
    ["an array", "[]\n"],
    ["two messages at once", '{"id":"web.0.1"}\n{"proof":""}\n'],
    ["a name from the prototype", '{"id":"__proto__","purpose":"hub","nonce":""}\n'],
    ["a line without end", "x".repeat(10_000)],
  ])("is closed to %s", async (_, text) => {
    const { path, came } = await openDoor({ "web.0.1": "right" });
    const socket = connect(path);
    socket.on("error", () => {});
    socket.write(text);
    await ended(socket);
    expect(came).toEqual([]);
  });
});

describe("who comes back", () => {
  it("waits until there is somebody, and can be told to stop", async () => {
    const dir = tempDir();
    const stop = new AbortController();
    const path = doorPath(dir);
    const waiting = comeBack({ id: "web.0.1", token: "t", path }, "hub", stop.signal);
    const other = comeBack({ id: "web.0.2", token: "t", path }, "hub", NEVER);
    stop.abort();
    await expect(waiting).rejects.toThrow();
    const door = new Door(dir, SILENT);
    onTestFinished(() => door.close());
    door.expect("web.0.2", { token: "t", onSocket: (_, socket) => void socket.destroy() });
    await door.open();
    (await other).destroy();
  });

  it("is told with one variable, whatever stands in the path", () => {
    const returning = { id: "web.0.1", token: "t", path: join("/a b", 'c"d') };
    expect(readReturning(packReturning(returning))).toEqual(returning);
  });
});
