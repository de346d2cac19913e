import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { endpointFile, findHubs, readEndpoint, writeEndpoint } from "../src/local/endpoint.ts";
import { takeLock } from "../src/local/lock.ts";

let base: string;
let dir: string;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "elpis-"));
  dir = join(base, "shop");
  mkdirSync(dir, { mode: 0o700 });
});

afterEach(() => rmSync(base, { recursive: true, force: true }));

const endpoint = (path = "/run/hub.sock"): Parameters<typeof writeEndpoint>[1] => ({
  name: "shop",
  pid: process.pid,
  path,
  secret: "s3cret",
});

describe("the endpoint file", () => {
  test("says how to reach the hub", () => {
    writeEndpoint(dir, endpoint());
    expect(readEndpoint(dir)).toEqual(endpoint());
  });

  test.skipIf(process.platform === "win32")("is for its user only, whatever the mask", () => {
    const before = process.umask(0);
    try {
      writeEndpoint(dir, endpoint());
    } finally {
      process.umask(before);
    }
    expect(statSync(endpointFile(dir)).mode & 0o777).toBe(0o600);
  });

  test("is replaced as a whole, and nothing else is left", () => {
    for (let run = 0; run < 5; run++) writeEndpoint(dir, endpoint(`/run/${run}.sock`));
    expect(readEndpoint(dir).path).toBe("/run/4.sock");
    expect(readdirSync(dir)).toEqual(["hub.json"]);
  });

  test("that is not there means that nobody answers", () => {
    for (const missing of [dir, join(base, "nowhere")]) {
      expect(() => readEndpoint(missing)).toThrow(
        expect.objectContaining({ code: "ELPIS_HUB_UNREACHABLE", details: { where: missing } }),
      );
    }
  });

  test.each(["", "{", "null", "[]", "{}", '{"path":"x"}', '{"path":1,"secret":"x"}'])(
    "with %j in it means the same",
    (text) => {
      writeFileSync(endpointFile(dir), text);
      expect(() => readEndpoint(dir)).toThrow(
        expect.objectContaining({ code: "ELPIS_HUB_UNREACHABLE" }),
      );
    },
  );
});

describe("findHubs", () => {
  test("finds those that live and those that were killed, and nothing else", async () => {
    const dead = join(base, "dead");
    mkdirSync(dead, { mode: 0o700 });
    mkdirSync(join(base, "empty"), { mode: 0o700 });
    writeFileSync(join(base, "file"), "");
    writeEndpoint(dir, endpoint());
    writeEndpoint(dead, { ...endpoint(), name: "dead" });
    const lock = takeLock(dir);
    if ("pid" in lock) throw new Error("the lock of a new folder is taken");
    const found = async (): Promise<object[]> =>
      (await findHubs(base)).sort((a, b) => a.name.localeCompare(b.name));
    const { pid } = process;
    expect(await found()).toEqual([
      { name: "dead", dir: dead, pid, alive: false },
      { name: "shop", dir, pid, alive: true },
    ]);
    lock.release();
    expect((await findHubs(base)).every(({ alive }) => !alive)).toBe(true);
  });

  test("finds nothing where there is nothing", async () => {
    expect(await findHubs(join(base, "nowhere"))).toEqual([]);
  });
});
