import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { connect } from "../../src/connect.ts";
import { createHub } from "../../src/hub/hub.ts";
import { createLogger } from "../../src/logger.ts";

test("a map ends when one of those that were asked had just stopped to handle it", async () => {
  const dir = mkdtempSync(join(tmpdir(), "elpis-map-"));
  const log = createLogger({ level: "silent" });
  const hub = await createHub({ name: "map", dir, log });
  const joined = (name: string) =>
    connect({ path: hub.path, secret: hub.secret, location: { name }, log });
  const [web, one, other] = await Promise.all([joined("web"), joined("one"), joined("other")]);
  onTestFinished(async () => {
    await Promise.all([web.close(), one.close(), other.close()]);
    await hub.close();
    rmSync(dir, { recursive: true, force: true });
  });
  one.handle("stats", () => 1);
  const off = other.handle("stats", () => 2);
  await Promise.all([one.peers(), other.peers()]);
  // The hub hears of it only after it has handed the question on.
  off();
  const answers = await web.map("stats", {}, { timeoutMs: 2000 });
  expect(answers.partial).toBe(true);
  expect(Object.fromEntries(answers.map((each) => [each.from.name, each.ok]))).toEqual({
    one: true,
    other: false,
  });
  const failed = answers.find(({ ok }) => !ok);
  expect(failed).toMatchObject({ error: { code: "ELPIS_HUB_NO_RESPONDER" } });
});
