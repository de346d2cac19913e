import { execFile, spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { tempDir, waitFor } from "@elpis/testing";
import { onTestFinished, type TestContext } from "vitest";

const run = promisify(execFile);

/** The name and the password that the servers want: the second one is known to them by its hash only. */
export const LOGIN = { username: "admin", password: "test" } as const;
const WEB =
  'basic_auth_users:\n  admin: "$2b$12$hNf2lSsxfm0.i4a.1kVpSOVyBCfIB51VRjgBUyv6kdnyTlgWj81Ay"\n';

/** Starts Prometheus with a receiver for remote write; gone after the test. @returns its address */
export function prometheus(context: TestContext): Promise<string> {
  return program("prometheus", context, (dir, port, web) => [
    ...[`--config.file=${join(dir, "empty.yml")}`, `--storage.tsdb.path=${join(dir, "data")}`],
    ...[`--web.listen-address=127.0.0.1:${port}`, `--web.config.file=${web}`],
    "--web.enable-remote-write-receiver",
  ]);
}

/** Starts a Pushgateway; gone after the test. @returns its address */
export function gateway(context: TestContext): Promise<string> {
  return program("prometheus-pushgateway", context, (_, port, web) => [
    ...[`--web.listen-address=127.0.0.1:${port}`, `--web.config.file=${web}`],
  ]);
}

/** Asks a server that wants {@link LOGIN}. */
export async function ask(url: string): Promise<string> {
  const { username, password } = LOGIN;
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  const response = await fetch(url, { headers: { authorization } });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response.text();
}

async function program(
  name: string,
  context: TestContext,
  args: (dir: string, port: number, web: string) => string[],
): Promise<string> {
  if ((await run("which", [name]).catch(() => undefined)) === undefined) {
    const reason = `${name} is not installed`;
    if (process.env.ELPIS_REQUIRE_SERVICES === "1") throw new Error(reason);
    console.log(`skipped: ${reason}`);
    context.skip(reason);
  }
  const dir = await tempDir();
  const web = join(dir.path, "web.yml");
  await writeFile(join(dir.path, "empty.yml"), "");
  await writeFile(web, WEB);
  const port = await freePort();
  const child = spawn(name, args(dir.path, port, web), { stdio: ["ignore", "pipe", "pipe"] });
  const gone = new Promise((resolve) => child.once("exit", resolve));
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (text: Buffer) => {
      said = (said + text.toString()).slice(-4000);
    });
  }
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await gone;
    await dir.remove();
  });
  const url = `http://127.0.0.1:${port}`;
  await waitFor(
    () => {
      if (child.exitCode !== null) throw new Error(said);
      return ask(`${url}/-/ready`);
    },
    { what: `${name} to be ready`, timeoutMs: 30_000, intervalMs: 50 },
  );
  return url;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
