import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Report, Reporter } from "@elpis/api";
import { hasCode } from "@elpis/api";
import { tempDir, waitFor } from "@elpis/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { type AlinodeOptions, alinode } from "../../src/index.ts";
import { nodeLines } from "../support/parser.ts";
import {
  batch,
  call,
  contextWith,
  deepFreeze,
  full,
  gauge,
  NOW,
  span,
} from "../support/samples.ts";
import { AlinodeServer, SECRET } from "../support/server.ts";

async function open(
  server: AlinodeServer,
  more: AlinodeOptions = {},
): Promise<{ reporter: Reporter; said: string[] }> {
  const context = contextWith();
  const own = { url: server.url, appid: "77", secret: SECRET };
  const reporter = await alinode.definition.open({ ...more, server: own }, context);
  onTestFinished(() => reporter.close?.());
  return { reporter, said: context.said };
}

/** As its host does: again, while it is told to come later. */
function report(reporter: Reporter, one: ReturnType<typeof batch>): Promise<Report | undefined> {
  return waitFor(
    async () => {
      try {
        return { report: (await reporter.report(one, call())) ?? undefined };
      } catch (error) {
        if (hasCode(error, "ELPIS_REPORTER_RETRY_LATER")) return undefined;
        throw error;
      }
    },
    { what: "a batch to be taken" },
  ).then((done) => done.report);
}

describe("a batch for Alinode's server", () => {
  it("is sent as the collector sends what it has read", async () => {
    await using server = await AlinodeServer.start();
    const { reporter, said } = await open(server, { access: true });
    const request = span({
      tags: { "http.request.method": "GET", "http.response.status_code": 200, "url.path": "/" },
    });
    const frozen = deepFreeze(full({ spans: [span(), request] }));
    expect(await report(reporter, frozen)).toBeUndefined();
    await waitFor(() => server.of("log").length === 4, { what: "four logs" });
    expect(server.complaints).toEqual([]);
    const [node] = server.logs("node_log");
    expect(node.ok).toBe(true);
    expect(node.data).toContainEqual({
      pid: String(process.pid),
      item: "orders%.process%_web",
      value: 3,
    });
    expect(server.logs("tracing_log")[0].data).toHaveLength(2);
    expect(server.logs("error_log")[0]).toEqual([
      {
        stack: expect.stringMatching(/TypeError: cart is undefined\n {4}at pay.*\n {4}at run.*\n$/),
        type: "TypeError",
        extra: "",
        timestamp: NOW - 5,
      },
    ]);
    expect(server.logs("slow_http")[0]).toEqual([
      {
        timestamp: new Date(NOW - 120.5).toISOString(),
        ...{ from: "-", type: "receive", to: "-", method: "GET", url: "/", protocol: "HTTP/1.1" },
        ...{ code: 200, rt: 120 },
      },
    ]);
    expect(said.join()).not.toContain(SECRET);
  });

  it("is later when the server is not there, and then sent and written once", async () => {
    await using dir = await tempDir();
    await using server = await AlinodeServer.start();
    server.welcome = undefined;
    const { reporter } = await open(server, { dir: dir.path });
    const same = batch({ points: [gauge()] });
    await expect(reporter.report(same, call())).rejects.toMatchObject({
      code: "ELPIS_REPORTER_RETRY_LATER",
    });
    // Files do not wait for a server.
    expect(await readdir(dir.path)).toHaveLength(1);
    await waitFor(() => server.of("register").length > 0, { what: "a register message" });
    server.say({ type: "result", params: { result: "REG_OK" } });
    await report(reporter, same);
    await reporter.report(same, call());
    await reporter.report(batch({ points: [gauge({ name: "last" })] }), call());
    await waitFor(() => server.logs("node_log").length > 1, { what: "two logs" });
    expect(server.logs("node_log").map(({ data }) => data[0].item)).toEqual([
      "heap%.process%_web",
      "last%.process%_web",
    ]);
    const [name = ""] = await readdir(dir.path);
    expect(nodeLines(await readFile(join(dir.path, name), "utf8"))).toHaveLength(2);
  });

  it("that is empty is not sent", async () => {
    await using server = await AlinodeServer.start();
    const { reporter } = await open(server);
    expect(await report(reporter, batch())).toBeUndefined();
    await report(reporter, batch({ points: [gauge()] }));
    await waitFor(() => server.of("log").length > 0, { what: "a log" });
    expect(server.of("log")).toHaveLength(1);
  });

  it("is not sent when its time is up, nor after the end", async () => {
    await using server = await AlinodeServer.start();
    const { reporter } = await open(server);
    await report(reporter, batch());
    const over = AbortSignal.abort(new Error("time is up"));
    await expect(reporter.report(full(), call(over))).rejects.toThrow("time is up");
    await Promise.all([reporter.close?.(), reporter.close?.()]);
    await reporter.close?.();
    await expect(reporter.report(full(), call())).rejects.toMatchObject({
      code: "ELPIS_REPORTER_RETRY_LATER",
    });
    expect(server.of("log")).toEqual([]);
  });
});
