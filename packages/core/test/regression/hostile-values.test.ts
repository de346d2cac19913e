import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { object } from "@elpis/api";
import { readHello } from "@elpis/protocol";
import { afterAll, describe, expect, it } from "vitest";
import { ensurePrivateDir } from "../../src/local/runtime-dir.ts";
import { memoryLinks } from "../../src/wire/memory-link.ts";
import { deferred, joinHub, settled, startHub } from "../support/hub-kit.ts";

const code = (value: string): unknown => expect.objectContaining({ code: value });

describe("values that cannot be turned into text", () => {
  it("may be thrown by a handler without harm to its process", async () => {
    const hub = await startHub();
    const a = await joinHub(hub, "a");
    hub.client.handle("fail", () => {
      throw Object.create(null);
    });
    await expect(a.request("fail", 1)).rejects.toThrow(code("ELPIS_HUB_REMOTE"));
    await expect(a.request(Object.create(null), 1)).rejects.toThrow(code("ELPIS_HUB_BAD_ARGUMENT"));
  });

  it("are refused by code in a hello and in options", () => {
    const role = { toString: 1, valueOf: 1 };
    const hello = { protocol: [1, 1], client: "x", pid: 1, role };
    expect(() => readHello(hello)).toThrow(code("ELPIS_PROTOCOL_INVALID"));
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    const schema = object<{ f: string }>({ f: "string" });
    expect(schema["~standard"].validate({ f: cyclic })).toMatchObject({
      issues: [{ path: ["f"] }],
    });
  });
});

describe("padding between frames", () => {
  it("does not count towards the largest frame", async () => {
    const hub = await startHub({ limits: { maxFrameBytes: 1001 } });
    const a = await joinHub(hub, "a");
    hub.client.handle("length", (text: string) => text.length);
    const largest = 1001 - 32 - 3;
    const calls = [a.request("length", "y".repeat(largest)), a.request("length", "z")];
    expect(await Promise.all(calls)).toEqual([largest, 1]);
  });
});

describe("selectors", () => {
  it("that differ are never taken for one another", async () => {
    const hub = await startHub();
    const a = await joinHub(hub, "a");
    hub.client.handle("x", () => 1);
    expect(await a.request("x", 1, { to: {} })).toBe(1);
    const nobody = a.request("x", 1, { to: { name: "" } });
    await expect(nobody).rejects.toThrow(code("ELPIS_HUB_NO_RESPONDER"));
  });
});

describe("a line of calls", () => {
  it("is not worked off by a peer that has left", async () => {
    const hub = await startHub();
    const [a, b] = [await joinHub(hub, "a"), await joinHub(hub, "b")];
    const gate = deferred();
    let runs = 0;
    b.handle(
      "x",
      async () => {
        runs++;
        await gate.promise;
      },
      { concurrency: 1 },
    );
    await settled(b);
    const calls = [1, 2, 3].map((n) => a.request("x", n).catch((error) => error.code));
    await expect.poll(() => runs).toBe(1);
    await settled(a);
    await b.close();
    expect(await Promise.all(calls)).toEqual(Array(3).fill("ELPIS_HUB_PEER_LOST"));
    gate.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    expect(runs).toBe(1);
  });

  it("may be long, however quick the handler is", async () => {
    const hub = await startHub();
    const a = await joinHub(hub, "a");
    const gate = deferred();
    let isFirst = true;
    const run = (): unknown => {
      if (!isFirst) return 1;
      isFirst = false;
      return gate.promise;
    };
    hub.client.handle("x", run, { concurrency: 1, queue: 30_000 });
    const calls = Array.from({ length: 20_000 }, () => a.request("x", 1, { timeoutMs: 60_000 }));
    await settled(a);
    gate.resolve();
    expect(await Promise.all(calls)).toHaveLength(20_000);
  });
});

describe("topics", () => {
  it("that nobody needs any more make room for others", async () => {
    const hub = await startHub({ limits: { maxTopics: 50 } });
    for (let round = 0; round < 4; round++) {
      const peer = await joinHub(hub, "brief");
      for (let n = 0; n < 20; n++) {
        await peer.emit(`sent-${round}-${n}`, 1);
        peer.on(`heard-${round}-${n}`, () => {})();
      }
      await settled(peer);
      await peer.close();
      await expect.poll(async () => (await hub.client.peers()).length).toBe(1);
    }
    hub.client.handle("fresh", () => 1);
    expect(await hub.client.request("fresh", 1)).toBe(1);
  });
});

describe("a private folder", () => {
  const base = mkdtempSync(join(tmpdir(), "elpis-test-"));
  afterAll(() => rmSync(base, { recursive: true }));

  it("is not a file, nor a link to nowhere", () => {
    writeFileSync(join(base, "file"), "");
    symlinkSync(join(base, "nowhere"), join(base, "link"));
    for (const name of ["file", "link"]) {
      expect(() => ensurePrivateDir(join(base, name))).toThrow(code("ELPIS_HUB_UNSAFE_DIR"));
    }
  });
});

describe("a memory link", () => {
  it("tells of its end once", async () => {
    const [left] = memoryLinks();
    let closes = 0;
    left.destroy();
    left.start(
      () => {},
      () => closes++,
    );
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(closes).toBe(1);
  });

  it("delivers what was written before its end, also to an end that starts later", async () => {
    const [left, right] = memoryLinks();
    left.write([Buffer.from("last words")], 10);
    left.end();
    await new Promise((resolve) => setImmediate(resolve));
    const heard: string[] = [];
    await new Promise<void>((resolve) => {
      right.start(
        (chunk) => heard.push(chunk.toString()),
        () => resolve(),
      );
    });
    expect(heard).toEqual(["last words"]);
  });
});
