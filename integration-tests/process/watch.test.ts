import { type ChildProcess, spawn } from "node:child_process";
import http from "node:http";
import type { Socket } from "node:net";
import { join } from "node:path";
import { createHub, type Hub } from "@elpis/core";
import type { Vitals } from "@elpis/process";
import { describe, expect, it, onTestFinished } from "vitest";
import { get, IDLE, isAlive, makeApp, makeDir, SILENT, waitFor } from "./support.ts";

const BOOTSTRAP = new URL("../../plugins/process/dist/boot/bootstrap.js", import.meta.url).href;

/** One worker, with a hub that knows nothing of what a master does: the test does that. */
interface Worker {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly hub: Hub;
  readonly beats: Vitals[];
  readonly ended: Promise<number | string | null>;
  /** What it has written, by stream. */
  readonly said: { stdout: string; stderr: string };
  ready(): Promise<boolean>;
  /** The port that it has said it listens on. */
  port(): Promise<number>;
  drain(): Promise<unknown>;
}

async function startWorker(
  script: string,
  variables: Readonly<Record<string, string>> = {},
  nodeArgs: readonly string[] = [],
): Promise<Worker> {
  const dir = makeDir({ "app.mjs": script });
  const hub = await createHub({ name: "test", dir: join(dir, "run"), log: SILENT });
  onTestFinished(() => hub.close());
  const beats: Vitals[] = [];
  hub.client.on("elpis.heartbeat", (vitals) => beats.push(vitals as Vitals));
  const child = spawn(
    process.execPath,
    [...nodeArgs, "--import", BOOTSTRAP, join(dir, "app.mjs")],
    {
      stdio: ["ignore", "pipe", "pipe", "ipc", "pipe"],
      env: {
        ...process.env,
        ELPIS_HUB_FD: "4",
        ELPIS_READY: "module",
        ELPIS_STOP_TIMEOUT_MS: "5000",
        ELPIS_READY_TIMEOUT_MS: "5000",
        ELPIS_UNCAUGHT: "replace",
        ...variables,
      },
    },
  );
  onTestFinished(() => void child.kill("SIGKILL"));
  const pid = child.pid ?? 0;
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (text: string) => {
      said[name] += text;
    });
  }
  const ended = new Promise<number | string | null>((resolve) => {
    child.once("close", (code, signal) => resolve(code ?? signal));
  });
  const location = { app: "test", role: "worker", name: "web", index: 0, pid, epoch: 1 } as const;
  const id = hub.adopt(child.stdio[4] as Socket, location);
  return {
    ...{ child, pid, hub, beats, ended, said },
    ready: async () => (await hub.client.peers({ id }))[0]?.ready === true,
    port: () => waitFor("a port", () => Number(/port (\d+)/.exec(said.stdout)?.[1] ?? 0)),
    drain: () => hub.client.request("elpis.drain", { boundMs: 5000 }, { to: { id } }),
  };
}

/** Not shared, so that no master is needed to listen. `/boom` throws in a timer, `/slow` takes a while. */
const WEB = `
import http from "node:http";
const server = http.createServer((request, response) => {
  if (request.url === "/fail") response.statusCode = 503;
  if (request.url === "/boom") setTimeout(() => { throw Object.assign(new Error("boom"), { detail: 42 }); });
  if (request.url === "/reject") Promise.reject(new Error("rejected"));
  if (request.url === "/slow") { console.log("slow"); setTimeout(() => response.end("done"), 1000); }
  else if (request.url !== "/hang") response.end("ok");
});
server.listen({ port: 0, host: "127.0.0.1", exclusive: true }, () => console.log("port", server.address().port));
`;

describe("vitals", () => {
  it("tell of the event loop, the heap, and HTTP", async () => {
    const worker = await startWorker(WEB, { ELPIS_HEARTBEAT_MS: "50" });
    const port = await worker.port();
    await get(port, "/");
    await get(port, "/fail");
    const hanging = http.get({ host: "127.0.0.1", port, path: "/hang", agent: false });
    hanging.on("error", () => {});
    const last = (): Vitals => worker.beats.at(-1) as Vitals;
    await waitFor("an open request", () => worker.beats.at(-1)?.openRequests === 1);
    expect(last()).toMatchObject({ requests: 2, errors: 1, uncaught: 0 });
    expect(last().heapUsedBytes).toBeGreaterThan(1_000_000);
    expect(last().heapLimitBytes).toBeGreaterThan(last().heapUsedBytes);
    // A client that goes away is no answer, and no open request either.
    hanging.destroy();
    await waitFor("no open request", () => last().openRequests === 0);
    expect(last().requests).toBe(2);
  });

  it("tell how late the event loop was", async () => {
    const script = `${IDLE}\nprocess.on("SIGUSR2", () => { const end = Date.now() + 700; while (Date.now() < end); });`;
    const worker = await startWorker(script, { ELPIS_HEARTBEAT_MS: "100" });
    await waitFor("a heartbeat", () => worker.beats.length > 1);
    worker.child.kill("SIGUSR2");
    await waitFor("the block", () => worker.beats.some(({ loopDelayMs }) => loopDelayMs.max > 400));
    const blocked = worker.beats.find(({ loopDelayMs }) => loopDelayMs.max > 400);
    expect(blocked?.utilization).toBeGreaterThan(0.3);
    expect(blocked?.utilization).toBeLessThanOrEqual(1);
  });

  it("count HTTP/2 where Node tells of it", async () => {
    const worker = await startWorker(
      `import http2 from "node:http2";
      import { channel } from "node:diagnostics_channel";
      let told = false;
      channel("http2.server.stream.created").subscribe(() => { told = true; });
      const server = http2.createServer((request, response) => { response.statusCode = 500; response.end("x"); });
      server.listen({ port: 0, exclusive: true }, () => {
        const client = http2.connect("http://localhost:" + server.address().port);
        const stream = client.request({ ":path": "/" });
        stream.resume();
        stream.on("close", () => { client.close(); console.log(told ? "told" : "untold"); });
      });`,
      { ELPIS_HEARTBEAT_MS: "50" },
    );
    await waitFor("an answer", () => worker.said.stdout.includes("told"));
    const seen = worker.beats.length;
    await waitFor("the next heartbeats", () => worker.beats.length > seen + 1);
    const count = worker.said.stdout.startsWith("told") ? 1 : 0;
    expect(worker.beats.at(-1)).toMatchObject({ requests: count, errors: count, openRequests: 0 });
  });

  it("do not come when nobody wants them, and keep no process alive", async () => {
    const quiet = await startWorker(IDLE);
    await waitFor("it to be ready", () => quiet.ready());
    expect(quiet.beats).toEqual([]);
    const brief = await startWorker("process.channel.unref(); console.log('done');", {
      ELPIS_HEARTBEAT_MS: "50",
    });
    await waitFor("a heartbeat", () => brief.beats.length > 0);
    await brief.hub.close();
    expect(await brief.ended).toBe(1);
  });
});

describe("an error that nobody caught", () => {
  /** Answers as a master does that replaces it, and counts how often it was asked. */
  function answer(worker: Worker, result: unknown): string[] {
    const asked: string[] = [];
    worker.hub.client.handle("elpis.trouble", (input) => {
      asked.push((input as { message: string }).message);
      return result;
    });
    return asked;
  }

  it("costs nobody a request that had begun", async () => {
    const worker = await startWorker(WEB, { ELPIS_HEARTBEAT_MS: "50" });
    const asked = answer(worker, { replaced: true });
    const port = await worker.port();
    await waitFor("it to be ready", () => worker.ready());
    const slow = get(port, "/slow");
    await waitFor("the request to have begun", () => worker.said.stdout.includes("slow"));
    await get(port, "/boom");
    await waitFor("it to ask for a replacement", () => asked.length > 0);
    await waitFor("it to be out of rotation", async () => !(await worker.ready()));
    await waitFor("new connections to be refused", () => refused(port));
    await waitFor("it to be counted", () => worker.beats.at(-1)?.uncaught === 1);
    expect(isAlive(worker.pid)).toBe(true);
    await worker.drain();
    expect((await slow).body).toBe("done");
    expect(await worker.ended).toBe(1);
    expect(asked).toEqual(["Error: boom"]);
    expect(worker.said.stderr).toContain("Error: boom\n    at ");
    expect(worker.said.stderr).toContain("detail: 42");
  });

  it("may be a promise that was rejected, and a second one is only told", async () => {
    const worker = await startWorker(WEB);
    const asked = answer(worker, { replaced: true });
    const port = await worker.port();
    await waitFor("it to be ready", () => worker.ready());
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    await get(port, "/reject", { agent });
    await waitFor("it to ask", () => asked.length > 0);
    await get(port, "/reject", { agent });
    const times = (): number => worker.said.stderr.split("Error: rejected").length - 1;
    await waitFor("both to be told", () => times() === 2);
    await worker.drain();
    expect(await worker.ended).toBe(1);
    expect(asked).toHaveLength(1);
  });

  it("ends the process by itself when the master only takes note", async () => {
    const worker = await startWorker(WEB);
    answer(worker, { replaced: false });
    const port = await worker.port();
    await waitFor("it to be ready", () => worker.ready());
    const slow = get(port, "/slow");
    await waitFor("the request to have begun", () => worker.said.stdout.includes("slow"));
    await get(port, "/boom");
    expect((await slow).body).toBe("done");
    expect(await worker.ended).toBe(1);
  });

  it("ends the process at once when the master does not know what to do", async () => {
    const worker = await startWorker(WEB);
    const port = await worker.port();
    await waitFor("it to be ready", () => worker.ready());
    await get(port, "/boom").catch(() => {});
    expect(await worker.ended).toBe(1);
  });

  it("ends the process within its bound when the master does not come back", async () => {
    const worker = await startWorker(WEB, {
      ELPIS_STOP_TIMEOUT_MS: "300",
      ELPIS_READY_TIMEOUT_MS: "300",
    });
    const asked = answer(worker, new Promise(() => {}));
    const port = await worker.port();
    await waitFor("it to be ready", () => worker.ready());
    await get(port, "/boom").catch(() => {});
    expect(await worker.ended).toBe(1);
    expect(asked).toHaveLength(1);
  });

  it("ends the process when there are too many", async () => {
    const script = `${IDLE}\nprocess.on("SIGUSR2", () => setInterval(() => { for (let i = 0; i < 20; i += 1) queueMicrotask(() => { throw new Error("flood"); }); }, 1));`;
    const worker = await startWorker(script);
    answer(worker, { replaced: true });
    await waitFor("it to be ready", () => worker.ready());
    worker.child.kill("SIGUSR2");
    expect(await worker.ended).toBe(1);
    expect(worker.said.stderr.split("Error: flood").length).toBeGreaterThan(90);
  });

  it("is Node's to deal with until the process is ready", async () => {
    const worker = await startWorker("throw new Error('early');");
    const asked = answer(worker, { replaced: true });
    expect(await worker.ended).toBe(1);
    expect(worker.said.stderr).toMatch(/app\.mjs:1\nthrow new Error\('early'\);\n +\^/);
    expect(asked).toEqual([]);
  });

  it("is the application's to deal with when it listens, and Node's when nobody wants anything else", async () => {
    const own = await startWorker(
      `process.on("uncaughtException", (error) => console.log("mine", error.message));${WEB}`,
    );
    const asked = answer(own, { replaced: true });
    const port = await own.port();
    await waitFor("it to be ready", () => own.ready());
    await get(port, "/boom");
    await waitFor("its listener", () => own.said.stdout.includes("mine boom"));
    expect((await get(port, "/")).body).toBe("ok");
    expect(await own.ready()).toBe(true);
    expect(asked).toEqual([]);
    const plain = await startWorker(WEB, { ELPIS_UNCAUGHT: "exit" });
    const plainPort = await plain.port();
    await waitFor("it to be ready", () => plain.ready());
    await get(plainPort, "/boom").catch(() => {});
    expect(await plain.ended).toBe(1);
    expect(plain.said.stderr).toContain("Node.js v");
  });

  it("is none where Node is told so", async () => {
    const worker = await startWorker(WEB, {}, ["--unhandled-rejections=warn"]);
    const asked = answer(worker, { replaced: true });
    const port = await worker.port();
    await waitFor("it to be ready", () => worker.ready());
    await get(port, "/reject");
    await waitFor("the warning", () => worker.said.stderr.includes("UnhandledPromiseRejection"));
    expect((await get(port, "/")).body).toBe("ok");
    expect(asked).toEqual([]);
  });
});

describe("variables", () => {
  const SHOW = "console.log(process.env.ONE, process.env.TWO, process.env.ELPIS_HEARTBEAT_MS);";

  it("come from files, read at each start; those of the process go before them", async () => {
    const app = makeApp(
      { "a.js": `${SHOW}${IDLE}`, one: "ONE=a\nTWO=a\n", two: "ONE='b c'\n" },
      { processes: { web: { entry: "a.js", envFile: ["one", "two"], env: { TWO: "own" } } } },
    );
    await app.master.start();
    await waitFor("its word", () => app.said("web").includes("b c own undefined"));
  });

  it("of a file that is not there keep the process from starting, and name it", async () => {
    const app = makeApp(
      { "a.js": IDLE },
      { processes: { web: { entry: "a.js", envFile: "gone.env", restart: false } } },
    );
    const error = await app.master.start().catch((cause: unknown) => cause);
    expect(String(error)).toContain(join(app.dir, "gone.env"));
  });

  it.runIf(process.getuid?.() === 0)("go with the user that it is to run as", async () => {
    const app = makeApp(
      { "a.js": "" },
      {
        processes: {
          web: {
            command: ["/bin/sh", "-c", "echo $(id -u) $(id -g); sleep 600"],
            uid: 65_534,
            gid: 65_534,
            cwd: "/",
          },
        },
      },
    );
    await app.master.start();
    await waitFor("its word", () => app.said("web").includes("65534 65534"));
  });
});

async function refused(port: number): Promise<boolean> {
  const answer = await get(port).catch((error: NodeJS.ErrnoException) => error.code);
  return answer === "ECONNREFUSED";
}
