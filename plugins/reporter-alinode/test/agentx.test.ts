import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Reporter } from "@elpis/api";
import { type TempDir, tempDir, waitFor } from "@elpis/testing";
import { afterEach, beforeEach, describe, expect, it, type TestContext } from "vitest";
import { alinode } from "../src/index.ts";
import {
  batch,
  call,
  contextWith,
  error,
  full,
  gauge,
  histogram,
  span,
} from "./support/samples.ts";
import { AlinodeServer, SECRET } from "./support/server.ts";

const require = createRequire(import.meta.url);
let dir: TempDir;
let child: ChildProcess | undefined;
let output = "";

beforeEach(async () => {
  dir = await tempDir();
  output = "";
});
afterEach(async () => {
  const running = child;
  child = undefined;
  if (running !== undefined) {
    const ended = new Promise((resolve) => running.once("close", resolve));
    running.kill("SIGKILL");
    await ended;
  }
  await dir.remove();
});

/** Starts the real collector; skips the test, with a line, where there is none. */
async function start(context: TestContext, more: object, speed = 1): Promise<void> {
  let agentx = "";
  try {
    agentx = dirname(require.resolve("agentx/package.json"));
  } catch {
    if (process.env.ELPIS_REQUIRE_SERVICES === "1") throw new Error("agentx is not installed");
    console.log("skipped: agentx is not installed");
    context.skip("agentx is not installed");
  }
  const config = {
    logdir: dir.path,
    error_log: [join(dir.path, "elpis-error-#YYYY##MM##DD#.log")],
    ...more,
  };
  const fixture = fileURLToPath(new URL("fixtures/agentx.cjs", import.meta.url));
  child = spawn(process.execPath, [fixture, JSON.stringify({ agentx, config, speed })]);
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk) => {
      output += chunk;
    });
  }
  await waitFor(() => output.includes("ready\n"), { what: `the collector: ${output}` });
}

// biome-ignore lint/suspicious/noExplicitAny: what the collector would send.
async function readNow(): Promise<any[]> {
  output = "";
  child?.stdin?.write("read\n");
  const line = await waitFor(
    () => output.endsWith("\n") && output.split("\n").find((one) => one.startsWith("read ")),
    { what: "the collector to have read" },
  );
  return JSON.parse(line.slice("read ".length));
}

async function open(): Promise<Reporter> {
  const context = contextWith(() => Date.now());
  return alinode.definition.open({ dir: dir.path, access: true }, context);
}

describe("the collector of Alinode, agentx 1.10.8", () => {
  it("reads everything that is written", async (context) => {
    await start(context, {});
    const reporter = await open();
    const points = [
      ...Array.from({ length: 3000 }, (_, at) => gauge({ name: `g${at}`, value: at / 100 })),
      ...Array.from({ length: 200 }, (_, at) => histogram({ name: "h", tags: { at } })),
    ];
    const request = span({
      durationMs: 0.01,
      tags: { "http.request.method": "GET", "http.response.status_code": 200, "url.path": "/a" },
    });
    const spans = [span({ durationMs: 0 }), request];
    const errors = [error(), error({ stack: "", errType: "E_CODE", message: "a\n\nb" })];
    const report = await reporter.report(batch({ points, spans, errors }), call());
    // 1/100 to 3000/100 all have two digits; nothing was too small.
    expect(report).toBeUndefined();

    const read = await readNow();
    const of = (type: string) => read.find((one) => one?.type === type)?.metrics;
    const { data } = of("node_log");
    expect(data).toHaveLength(3000 + 200 * 9);
    expect(new Set(data.map(({ item }: { item: string }) => item)).size).toBe(data.length);
    for (const at of [0, 1, 7, 1234, 2999]) {
      expect(data).toContainEqual({
        pid: String(process.pid),
        item: `g${at}%.process%_web`,
        value: at / 100,
      });
    }
    expect(data).toContainEqual({
      pid: String(process.pid),
      item: "h_p95%.process%_web%.at%_7",
      value: 10,
    });
    expect(of("tracing_log").data).toEqual([
      expect.objectContaining({ spanId: span().spanId, duration: 1 }),
      expect.objectContaining({ duration: 1 }),
    ]);
    expect(of("error_log")).toEqual([
      expect.objectContaining({ type: "TypeError", stack: expect.stringContaining("at pay") }),
      expect.objectContaining({ type: "Error", stack: expect.stringContaining("[E_CODE] a b") }),
    ]);
    expect(of("slow_http")).toEqual([
      expect.objectContaining({ type: "receive", method: "GET", url: "/a", code: 200, rt: 0 }),
    ]);

    await reporter.report(batch({ points: [gauge({ name: "next", value: 1 })] }), call());
    expect((await readNow())[1].metrics.data).toHaveLength(1);
  });

  it("sends it to the server that also ours speaks to", async (context) => {
    await using server = await AlinodeServer.start();
    const config = {
      ...{ server: `127.0.0.1:${server.port}`, appid: "77", secret: SECRET, cmddir: dir.path },
      ...{ heartbeatInterval: 60, reconnectDelay: 10, reportInterval: 60 },
    };
    await start(context, config, 300);
    await waitFor(() => server.of("heartbeat").length > 0, { what: "a heartbeat" });
    const reporter = await open();
    await reporter.report(full(), call());
    await waitFor(
      () => ["tracing_log", "error_log"].every((type) => server.logs(type).flat().length > 0),
      { what: "the logs" },
    );
    const values = await waitFor(
      () => {
        const data = server.logs("node_log").flatMap((metrics) => metrics.data);
        return data.length >= 11 && data;
      },
      { what: "the values" },
    );
    expect(values).toContainEqual({
      pid: String(process.pid),
      item: "orders%.process%_web",
      value: 3,
    });
    expect(server.complaints).toEqual([]);
  });
});
