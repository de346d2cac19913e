import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { blocksOf } from "../docs/blocks.ts";
import { ElpisHome } from "../support/elpis.ts";
import { ask } from "../support/http.ts";
import { freePort } from "../support/port.ts";
import { until } from "../support/wait.ts";
import { foreign, Npm, toolFolder } from "./npm.ts";

const run = promisify(execFile);
const GUIDE = "docs/guide/write-a-reporter.md";
const MAX_LINES = 50;

/** What a plugin is written with, and what an application runs with. */
const KIT = ["@elpis/api", "@elpis/protocol", "@elpis/core", "@elpis/testing"];
const FAMILY = [
  ...["@elpis/api", "@elpis/protocol", "@elpis/core", "@elpis/telemetry", "@elpis/process"],
  ...["@elpis/logs", "@elpis/metrics", "@elpis/schedule", "elpis"],
];
const TOOLS = ["vitest", "typescript", "@types/node"].map(toolFolder);

const place = mkdtempSync(join(tmpdir(), "elpis-create-"));
const npm = new Npm(join(place, "cache"));
let tarballs: ReadonlyMap<string, string>;

beforeAll(async () => {
  mkdirSync(join(place, "tarballs"));
  const names = [...new Set([...KIT, ...FAMILY, "create-elpis"])];
  tarballs = await npm.packAll(join(place, "tarballs"), names);
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

const packed = (names: readonly string[]): string[] =>
  names.map((name) => tarballs.get(name) as string);

/** `npm create elpis …`, from the tarball. @returns the folder */
async function create(...args: readonly string[]): Promise<string> {
  const [tarball] = packed(["create-elpis"]);
  const exec = ["exec", "--yes", "--offline", `--package=${tarball}`, "--", "create-elpis"];
  const said = await npm.run(place, ...exec, ...args);
  expect(said).toContain("  npm install\n  npm test\n");
  return join(place, args[0] as string);
}

/** The code of a file that the guide shows. */
function shown(file: string): string {
  const found = blocksOf(GUIDE).find(({ info }) => info.includes(`file=write-a-reporter/${file}`));
  return found?.text ?? expect.fail(`the guide does not show ${file}`);
}

interface Sent {
  readonly key: unknown;
  readonly batch: string;
  readonly resource: Readonly<Record<string, unknown>>;
  readonly series: ReadonlyArray<{
    readonly metric: string;
    readonly type: string;
    readonly value?: number;
    readonly tags: Readonly<Record<string, unknown>>;
  }>;
}

/** The backend of Acme. */
async function acmeBackend(): Promise<{ readonly url: string; readonly sent: Sent[] }> {
  const sent: Sent[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const key = request.headers["api-key"];
    sent.push({ ...(JSON.parse(Buffer.concat(chunks).toString()) as Sent), key });
    response.writeHead(202).end('{ "rejected": 0 }');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/series`, sent };
}

describe("npm create elpis", () => {
  let reporterDir: string;
  let reporter: string;

  test("makes a reporter that passes the contract as it is", async () => {
    // As the guide says it, without where it comes from.
    const [sh] = blocksOf(GUIDE).filter(({ language }) => language === "sh");
    const [, line = ""] = /^npm create elpis@latest (.+)$/m.exec(sh?.text ?? "") ?? [];
    reporterDir = await create(...line.split(" ").filter((part) => part !== "--"));
    await npm.install(reporterDir, [...packed(KIT), ...TOOLS]);
    const [tested] = await Promise.all([
      npm.run(reporterDir, "test"),
      npm.run(reporterDir, "run", "typecheck"),
    ]);
    expect(tested).toMatch(/Tests +\d+ passed \(\d+\)/);
  });

  test("makes a plugin that passes its tests, and can be built", async () => {
    const dir = await create("my-plugin", "--template", "plugin");
    symlinkSync(join(reporterDir, "node_modules"), join(dir, "node_modules"));
    const [tested] = await Promise.all([
      npm.run(dir, "test"),
      npm.run(dir, "run", "typecheck"),
      npm.run(dir, "run", "build"),
    ]);
    expect(tested).toMatch(/Tests +2 passed/);
    expect(readdirSync(join(dir, "dist")).sort()).toEqual(["index.d.ts", "index.js"]);
  });

  test("leads a vendor by the guide to a reporter that passes it as well, and to its package", async () => {
    const files = ["src/index.ts", "test/index.test.ts"];
    const lines = files.flatMap((file) => shown(file).split("\n")).filter((one) => one !== "");
    expect(lines.length).toBeLessThanOrEqual(MAX_LINES);
    for (const file of files) writeFileSync(join(reporterDir, file), shown(file));
    const [tested, packedAs] = await Promise.all([
      npm.run(reporterDir, "test"),
      npm.run(reporterDir, "pack", "--silent"),
    ]);
    expect(tested).toMatch(/Tests +\d+ passed \(\d+\)/);
    reporter = join(reporterDir, packedAs.trim().split("\n").at(-1) ?? "");
  });

  test("makes an application that passes its test, and tells the vendor's backend what it measures", async () => {
    const app = await create("shop");
    await npm.install(app, [...packed(FAMILY), ...foreign(FAMILY), reporter]);
    expect(await npm.run(app, "test")).toMatch(/pass 1\b/);

    const { url, sent } = await acmeBackend();
    rmSync(join(app, "elpis.config.ts"));
    const config = shown("app/elpis.config.js")
      .replace("https://acme.example/series", url)
      .replace('"30s"', '"500ms"');
    writeFileSync(join(app, "elpis.config.js"), config);
    const home = await ElpisHome.create();
    onTestFinished(() => home.remove());
    const port = await freePort();
    const env = {
      ...process.env,
      ELPIS_HOME: home.dir,
      PORT: `${port}`,
      ACME_API_KEY: "acme-4711",
    };
    const bin = join(app, "node_modules/elpis/bin/elpis.js");
    const elpis = (...args: readonly string[]) =>
      run(process.execPath, [bin, ...args], { cwd: app, env });

    await elpis("start");
    for (let at = 0; at < 10; at += 1) await ask(`http://127.0.0.1:${port}/`);
    const responses = () =>
      sent.flatMap(({ series }) => series).filter((one) => one.metric === "http.server.responses");
    await until("ten requests to be told, each once", () => {
      const values = responses().map(({ value = 0 }) => value);
      return values.reduce((sum, value) => sum + value, 0) === 10;
    });
    expect(responses()[0]).toMatchObject({
      type: "increment",
      tags: { app: "shop", process: "web" },
    });
    expect(sent[0]).toMatchObject({ key: "acme-4711", resource: { "service.name": "shop" } });
    const types = new Set(sent.flatMap(({ series }) => series.map(({ type }) => type)));
    expect([...types].sort()).toEqual(["increment", "level", "summary"]);
    expect((await elpis("reporters", "test", "acme")).stdout).toMatch(
      /^acme took 1 items in \d+ ms\n$/,
    );
    const status = JSON.parse((await elpis("reporters", "--json")).stdout) as {
      readonly reporters: readonly object[];
    };
    expect(status.reporters).toEqual([
      expect.objectContaining({ name: "acme", state: "ok", rejected: 0, dropped: 0, retries: 0 }),
    ]);
    expect(new Set(sent.map(({ batch }) => batch)).size).toBe(sent.length);
    await elpis("stop");
  });
});
