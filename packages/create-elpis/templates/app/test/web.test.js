import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const BIN = fileURLToPath(new URL("bin/elpis.js", import.meta.resolve("elpis/package.json")));
const ROOT = fileURLToPath(new URL("..", import.meta.url));

test("the application starts, answers and stops", async () => {
  // A home of its own: what runs on this machine already is left alone.
  const home = await mkdtemp(join(tmpdir(), "elpis-"));
  const port = await freePort();
  const env = { ...process.env, ELPIS_HOME: home, PORT: String(port) };
  const elpis = (command) => run(process.execPath, [BIN, command], { cwd: ROOT, env });
  try {
    await elpis("start");
    try {
      const answer = await fetch(`http://127.0.0.1:${port}/`);
      assert.match(await answer.text(), /^hello from web\.[01]\n$/);
    } finally {
      await elpis("stop");
    }
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}
