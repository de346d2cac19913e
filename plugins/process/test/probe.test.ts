import { readFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { ProbeDefinition, ProbeTarget } from "../src/config/types.ts";
import { type ProbeContext, type ProbeResult, runProbe } from "../src/watch/probe.ts";
import { startProbeLoop, untilWell } from "../src/watch/probe-loop.ts";
import { makeDir } from "./support.ts";

const CONTEXT: ProbeContext = {
  client: { request: () => Promise.reject(new Error("nobody asked")) } as never,
  peerId: undefined,
  env: { ...process.env, FLAG: "up" },
  cwd: "/",
};

function probe(target: ProbeTarget, timeoutMs = 5000): ProbeDefinition {
  return { ...target, intervalMs: 5, timeoutMs, failures: 2 };
}

async function listen(server: Server | ReturnType<typeof createTcpServer>): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function askHttp(answer: RequestListener, timeoutMs?: number): Promise<ProbeResult> {
  const port = await listen(createServer(answer));
  return runProbe(probe({ kind: "http", url: `http://127.0.0.1:${port}/a` }, timeoutMs), CONTEXT);
}

describe("http", () => {
  it("takes every status below 400, and follows no redirect", async () => {
    const asked: string[] = [];
    const redirect: RequestListener = (request, response) => {
      asked.push(request.url ?? "");
      response.writeHead(302, { location: "/elsewhere" }).end();
    };
    expect(await askHttp(redirect)).toEqual({ ok: true });
    expect(asked).toEqual(["/a"]);
    const failing = await askHttp((_, response) => response.writeHead(503).end("no"));
    expect(failing).toMatchObject({ ok: false, why: expect.stringContaining("answered 503") });
  });

  it("reads the beginning of an answer without an end, and waits no longer than it may", async () => {
    const endless = await askHttp((_, response) => {
      const write = (): void => {
        while (!response.destroyed && response.write("x".repeat(16_384)));
      };
      response.on("drain", write);
      write();
    });
    expect(endless).toEqual({ ok: true });
    const mute = await askHttp(() => {}, 50);
    expect(mute).toMatchObject({ ok: false, why: expect.stringContaining("within 50 ms") });
  });
});

it("tcp: takes a connection", async () => {
  const port = await listen(createTcpServer());
  const target = { kind: "tcp", host: "127.0.0.1" } as const;
  expect(await runProbe(probe({ ...target, port }), CONTEXT)).toEqual({ ok: true });
  expect(await runProbe(probe({ ...target, port: 1 }), CONTEXT)).toMatchObject({
    why: expect.stringContaining("ECONNREFUSED"),
  });
});

describe.runIf(process.platform !== "win32")("exec", () => {
  const exec = (script: string, timeoutMs?: number): Promise<ProbeResult> =>
    runProbe(probe({ kind: "exec", command: ["/bin/sh", "-c", script] }, timeoutMs), CONTEXT);

  it("takes exit code 0, with the variables of the process", async () => {
    expect(await exec('test "$FLAG" = up')).toEqual({ ok: true });
    expect(await exec("echo broken >&2; exit 3")).toEqual({
      ok: false,
      why: "/bin/sh ended with 3: broken",
    });
    const command = ["/no/such/program"];
    const missing = await runProbe(probe({ kind: "exec", command }), CONTEXT);
    expect(missing).toMatchObject({ ok: false, why: expect.stringContaining("ENOENT") });
  });

  it("ends one that is late, and what it has started", async () => {
    const dir = makeDir();
    const result = await exec(`sleep 600 & echo $! > ${join(dir, "pid")}; wait`, 500);
    expect(result).toMatchObject({ ok: false, why: expect.stringContaining("500 ms") });
    const pid = Number(readFileSync(join(dir, "pid"), "utf8"));
    await expect.poll(() => isRunning(pid), { timeout: 10_000 }).toBe(false);
  });
});

it("hub: takes any answer but false", async () => {
  const asked: unknown[] = [];
  const ask = (answer: unknown, peerId: number | undefined = 7): Promise<ProbeResult> => {
    const request = (...args: unknown[]): Promise<unknown> => {
      asked.push(args);
      return Promise.resolve(answer);
    };
    const context = { ...CONTEXT, client: { request } as never, peerId };
    return runProbe(probe({ kind: "hub", topic: "well?" }), context);
  };
  expect(await ask(undefined)).toEqual({ ok: true });
  expect(asked).toEqual([["well?", {}, { to: { id: 7 }, timeoutMs: 5000 }]]);
  expect(await ask(false)).toMatchObject({ ok: false });
  const alone = await runProbe(probe({ kind: "hub", topic: "well?" }), CONTEXT);
  expect(alone).toMatchObject({ ok: false, why: "it is not on the hub" });
});

describe("again and again", () => {
  const target = { kind: "exec", command: ["x"] } as const;

  /** Asks until so many answers were taken, and counts how often it was told of failures. */
  async function ask(answers: readonly boolean[], failures: number): Promise<number> {
    let told = 0;
    let at = 0;
    await new Promise<void>((resolve) => {
      const end = startProbeLoop({
        probe: { ...probe(target), failures },
        context: CONTEXT,
        onFailed: () => {
          told += 1;
        },
        run: () => {
          if (at === answers.length) {
            end();
            resolve();
          }
          const ok = answers[at++] ?? true;
          return Promise.resolve(ok ? { ok } : { ok, why: "no" });
        },
      });
    });
    return told;
  }

  it("only failures in a row count", async () => {
    expect(await ask([false, true, false, true, false], 2)).toBe(0);
    expect(await ask([false, false], 2)).toBe(1);
    expect(await ask([false, false, false, false, false], 2)).toBe(2);
  });

  it("until the first good answer", async () => {
    const port = await listen(
      createServer((_, response) => response.writeHead(++seen < 3 ? 500 : 200).end()),
    );
    let seen = 0;
    const why: string[] = [];
    const http = probe({ kind: "http", url: `http://127.0.0.1:${port}/` });
    const { signal } = new AbortController();
    expect(await untilWell(http, CONTEXT, signal, (one) => why.push(one))).toBe(true);
    expect(why).toHaveLength(2);
  });

  it("until it is told to stop", async () => {
    const end = new AbortController();
    const tcp = probe({ kind: "tcp", host: "127.0.0.1", port: 1 });
    expect(await untilWell(tcp, CONTEXT, end.signal, () => end.abort())).toBe(false);
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return true;
}
