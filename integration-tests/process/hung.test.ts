import { readdirSync, readFileSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type App, freePort, get, isAlive, makeApp, waitFor } from "./support.ts";

/** A server that can be brought into every kind of trouble by a request. */
const FRAGILE = `
const http = require("node:http");
function turnForEver() { for (;;) {} }
const kept = [];
http.createServer((request, response) => {
  if (request.url === "/hang") turnForEver();
  if (request.url === "/throw") { response.end("thrown"); setImmediate(() => { throw new Error("nobody catches this"); }); return; }
  if (request.url === "/leak") kept.push(Buffer.alloc(96 * 1024 * 1024, 1));
  if (request.url === "/slow") { setTimeout(() => response.end(String(process.pid)), 800); return; }
  response.end(String(process.pid));
}).listen(Number(process.env.PORT), "127.0.0.1");
`;

async function fragile(more: object = {}, scale = 2): Promise<App & { readonly port: number }> {
  const port = await freePort();
  const app = makeApp(
    { "web.js": FRAGILE },
    {
      processes: {
        web: { entry: "./web.js", scale, ready: "listen", env: { PORT: String(port) }, ...more },
      },
    },
  );
  await app.master.start();
  return { ...app, port };
}

function hang(port: number): void {
  http.get({ host: "127.0.0.1", port, path: "/hang", agent: false }).on("error", () => {});
}

const pids = (app: App): (number | undefined)[] => app.of("web").map(({ pid }) => pid);

describe("a process that hangs", () => {
  it("gets no more work, is looked into, and is replaced; the others go on", async () => {
    const app = await fragile({ liveness: { interval: 400 } });
    const before = pids(app);
    hang(app.port);
    const silent = await waitFor("silence", () => app.of("web").find((one) => one.silent === true));
    expect(app.master.status().state).toBe("degraded");
    await waitFor("its replacement", () => {
      const now = app.of("web")[silent.index];
      return now?.state === "ready" && now.pid !== silent.pid;
    });
    const now = app.of("web")[silent.index];
    expect(now).toMatchObject({ causes: { hung: 1 }, lastExit: { cause: "hung" } });
    expect(now?.silent).toBeUndefined();
    expect(before.filter((pid) => pid !== silent.pid && pids(app).includes(pid))).toHaveLength(1);
    const { files } = reports(app);
    const report = JSON.parse(readFileSync(files[0] as string, "utf8")) as { stack?: unknown };
    expect(report).toMatchObject({ process: "web", index: silent.index, pid: silent.pid });
    expect(JSON.stringify(report)).toMatch(/turnForEver|noStack/);
    expect(await get(app.port)).toMatchObject({ status: 200 });
  });

  it("is replaced when it is stopped, and goes on when it was only slow", async () => {
    const app = await fragile({ liveness: { interval: 400 } });
    const [first] = pids(app) as [number];
    process.kill(first, "SIGSTOP");
    await waitFor("silence", () => app.of("web")[0]?.silent === true);
    await waitFor("its replacement", () => {
      const now = app.of("web")[0];
      return now?.state === "ready" && now.pid !== first;
    });
    expect(isAlive(first)).toBe(false);
    const [, second] = pids(app) as [number, number];
    process.kill(second, "SIGSTOP");
    await waitFor("silence", () => app.of("web")[1]?.silent === true);
    process.kill(second, "SIGCONT");
    await waitFor("it to answer", () => app.of("web")[1]?.silent === undefined);
    expect(pids(app)[1]).toBe(second);
  });
});

describe("a process in trouble", () => {
  it("takes no more work, is replaced first, finishes what it has, and leaves", async () => {
    const app = await fragile({}, 1);
    const [first] = pids(app) as [number];
    const slow = get(app.port, "/slow");
    // Answered by the same process, behind the one that takes its time.
    await get(app.port);
    expect((await get(app.port, "/throw")).body).toBe("thrown");
    expect((await slow).body).toBe(String(first));
    await waitFor("its replacement", () => {
      const [now] = app.of("web");
      return now?.state === "ready" && now.pid !== first && now.leaving === undefined;
    });
    expect(app.of("web")[0]?.causes).toEqual({ uncaught: 1 });
    expect(app.said("web").join("\n")).toContain("nobody catches this");
    const states = app.changes.filter(({ epoch }) => epoch > 0).map(({ state }) => state);
    expect(states).not.toContain("backoff");
  });

  it("fails in the end when it is so again and again", async () => {
    const app = await fragile(
      { restart: { intensity: 2, period: "60s", minDelay: 10, retryAfter: false } },
      1,
    );
    for (let turn = 0; app.of("web")[0]?.state !== "failed" && turn < 10; turn += 1) {
      const pid = pids(app)[0];
      await get(app.port, "/throw").catch(() => {});
      await waitFor("a change", () => {
        const [now] = app.of("web");
        return now?.state === "failed" || (now?.state === "ready" && now.pid !== pid);
      });
    }
    expect(app.of("web")[0]).toMatchObject({ state: "failed", restarts: 2 });
  });
});

describe("a process that is to be replaced", () => {
  it("over its memory limit: without losing a request", async () => {
    const app = await fragile({ memoryLimit: { limit: "160mb", for: 0 } }, 1);
    const [first] = pids(app);
    await get(app.port, "/leak");
    await get(app.port, "/leak");
    await waitFor(
      "its replacement",
      () => pids(app)[0] !== first && app.of("web")[0]?.state === "ready",
    );
    expect(app.of("web")[0]?.causes).toEqual({ "memory-limit": 1 });
  });

  it("after so many requests, one instance at a time", async () => {
    const app = await fragile({ maxRequests: 10, liveness: { interval: 100 } });
    const before = pids(app);
    await waitFor(
      "both to be replaced",
      async () => {
        await get(app.port);
        return pids(app).every((pid) => pid !== undefined && !before.includes(pid));
      },
      30_000,
    );
    expect(app.changes.map(({ state }) => state)).not.toContain("backoff");
  });

  it("at an age", async () => {
    const app = await fragile({ maxAge: 1000 }, 1);
    const [first] = pids(app);
    await waitFor(
      "its replacement",
      () => pids(app)[0] !== first && app.of("web")[0]?.state === "ready",
    );
    expect(app.of("web")[0]?.causes).toEqual({ "max-age": 1 });
  });

  it("by a timetable", async () => {
    const app = await fragile({ cron: "* * * * * *" }, 1);
    const [first] = pids(app);
    await waitFor(
      "its replacement",
      () => pids(app)[0] !== first && app.of("web")[0]?.state === "ready",
    );
    expect(app.of("web")[0]?.causes).toEqual({ cron: expect.any(Number) });
  });
});

describe("a probe", () => {
  it("says when a process is ready, and when it is not well any more", async () => {
    const port = await freePort();
    const app = makeApp(
      {
        "db.js": `
          const http = require("node:http");
          let well = true;
          const server = http.createServer((request, response) => {
            if (request.url === "/break") well = false;
            response.statusCode = well ? 200 : 503;
            response.end(String(process.pid));
          });
          setTimeout(() => server.listen(${port}, "127.0.0.1"), 300);
        `,
      },
      {
        processes: {
          db: {
            command: [process.execPath, "db.js"],
            ready: { tcp: port },
            liveness: { probe: { http: `http://127.0.0.1:${port}/`, interval: 50, failures: 2 } },
          },
        },
      },
    );
    await app.master.start();
    expect((await get(port)).status).toBe(200);
    const [first] = app.of("db");
    await get(port, "/break");
    await waitFor("it to be started again", () => {
      const [now] = app.of("db");
      return now?.state === "ready" && now.pid !== first?.pid;
    });
    expect(app.of("db")[0]?.causes).toEqual({ probe: 1 });
  });
});

function reports(app: App): { readonly files: string[] } {
  const dir = join(app.runtime, "diagnostics");
  return { files: readdirSync(dir).map((name) => join(dir, name)) };
}
