import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tempDir } from "@elpis/testing";
import { expect, it, onTestFinished } from "vitest";
import { tokenFor, writeAddress } from "../src/place.ts";

async function dir(): Promise<string> {
  const made = await tempDir();
  onTestFinished(() => made.remove());
  return made.path;
}

it("makes a token once, that only this user can read", async () => {
  const path = await dir();
  const token = tokenFor({}, path, {});
  expect(token).toMatch(/^[\w-]{43}$/);
  expect(statSync(`${path}/admin.token`).mode & 0o777).toBe(0o600);
  expect(tokenFor({}, path, {})).toBe(token);
  expect(tokenFor({}, await dir(), {})).not.toBe(token);
});

it("takes the one of the options before that of the environment, and writes neither", async () => {
  const path = await dir();
  const env = { ELPIS_ADMIN_TOKEN: "from-the-environment" };
  expect(tokenFor({ token: "from-the-options" }, path, env)).toBe("from-the-options");
  expect(tokenFor({}, path, env)).toBe("from-the-environment");
  expect(statSync(`${path}/admin.token`, { throwIfNoEntry: false })).toBeUndefined();
});

it("refuses a token that others can read, or that is not a file of its own", async () => {
  const readable = await dir();
  writeFileSync(`${readable}/admin.token`, "0123456789abcdef0123456789abcdef");
  chmodSync(`${readable}/admin.token`, 0o644);
  expect(() => tokenFor({}, readable, {})).toThrow(/others may read it/);
  const linked = await dir();
  writeFileSync(`${linked}/other`, "0123456789abcdef", { mode: 0o600 });
  symlinkSync(`${linked}/other`, `${linked}/admin.token`);
  expect(() => tokenFor({}, linked, {})).toThrow(/not a file/);
  const folder = await dir();
  mkdirSync(`${folder}/admin.token`);
  expect(() => tokenFor({}, folder, {})).toThrow(/not a file/);
});

it("removes its address, and not that of the one that has followed it", async () => {
  const path = await dir();
  const file = `${path}/admin.json`;
  const remove = writeAddress(path, { url: "http://127.0.0.1:1", pid: 1 });
  writeAddress(path, { url: "http://127.0.0.1:1", pid: 2 });
  remove();
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({ url: "http://127.0.0.1:1", pid: 2 });
  writeAddress(path, { url: "http://127.0.0.1:1", pid: 3 })();
  expect(statSync(file, { throwIfNoEntry: false })).toBeUndefined();
});
