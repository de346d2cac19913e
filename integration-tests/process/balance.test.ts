import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import https from "node:https";
import { connect, type Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { type App, freePort, get, makeApp, makeDir, SILENT, WEB, waitFor } from "./support.ts";

type Balance = "kernel" | "round-robin" | "least-connections" | "sticky" | "reuse-port";

function web(port: number, balance: Balance | { weights: number[] }, more: object = {}): object {
  const restart = { intensity: 100, minDelay: 10, maxDelay: 50 };
  const env = { PORT: String(port) };
  return { entry: "web.mjs", ready: "listen", balance, env, scale: 2, restart, ...more };
}

async function start(processes: object, files: Record<string, string> = {}): Promise<App> {
  const app = makeApp({ "web.mjs": WEB, ...files }, { processes: processes as never });
  await app.master.start();
  return app;
}

function pidsOf(app: App, name: string): string[] {
  return app.of(name).map(({ pid }) => String(pid));
}

/** Who answers so many requests, one after another, each over a connection of its own. */
async function answers(port: number, count: number, from?: string): Promise<string[]> {
  const all: string[] = [];
  for (let n = 0; n < count; n += 1) {
    all.push((await get(port, "/", from === undefined ? {} : { localAddress: from })).body);
  }
  return all;
}

function countsOf(all: readonly string[], pids: readonly string[]): number[] {
  return pids.map((pid) => all.filter((one) => one === pid).length);
}

async function killed(app: App, name: string, index: number): Promise<void> {
  const pid = app.of(name)[index]?.pid as number;
  process.kill(pid, "SIGKILL");
  await waitFor("the replacement", () => {
    const one = app.of(name)[index];
    return one?.state === "ready" && one.pid !== pid;
  });
}

/** An open connection, and who has it. */
async function hold(port: number): Promise<{ socket: Socket; pid: string }> {
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  const [pid] = await once(socket, "data");
  return { socket, pid: String(pid) };
}

const GREETING = `import net from "node:net";
  net.createServer((socket) => { socket.on("error", () => {}); socket.write(String(process.pid)); })
    .listen(Number(process.env.PORT), "127.0.0.1");`;

describe("the balance of a process", () => {
  it("is kept for each of several processes and ports of one application", async () => {
    const [even, weighted] = [await freePort(), await freePort()];
    const app = await start({
      even: web(even, "round-robin", { scale: 3 }),
      weighted: web(weighted, { weights: [3, 1] }),
    });
    const [some, others] = await Promise.all([answers(even, 30), answers(weighted, 40)]);
    expect(countsOf(some, pidsOf(app, "even"))).toEqual([10, 10, 10]);
    expect(countsOf(others, pidsOf(app, "weighted"))).toEqual([30, 10]);
  });

  it("goes by the number of open connections", async () => {
    const port = await freePort();
    const process = web(port, "least-connections", { entry: "greet.mjs" });
    const app = await start({ web: process }, { "greet.mjs": GREETING });
    const [first] = pidsOf(app, "web") as [string];
    const held = [];
    for (let n = 0; n < 6; n += 1) held.push(await hold(port));
    expect(
      countsOf(
        held.map(({ pid }) => pid),
        pidsOf(app, "web"),
      ),
    ).toEqual([3, 3]);
    for (const { socket, pid } of held) if (pid === first) socket.destroy();
    // Once the master knows, the next three make it even again.
    await waitFor("the master to hear of it", async () => {
      const one = await hold(port);
      one.socket.destroy();
      return one.pid === first;
    });
    await waitFor("three in a row", async () => {
      const more = [await hold(port), await hold(port), await hold(port)];
      const isAll = more.every(({ pid }) => pid === first);
      if (!isAll) for (const { socket } of more) socket.destroy();
      return isAll;
    });
  });

  it("keeps a client with its instance, and with the replacement of it", async () => {
    const port = await freePort();
    const app = await start({ web: web(port, "sticky", { scale: 3 }) });
    const clients = Array.from({ length: 24 }, (_, n) => `127.0.0.${n + 2}`);
    const homes = async (): Promise<number[]> => {
      const found: number[] = [];
      for (const client of clients) {
        const [one, two] = await answers(port, 2, client);
        expect(two).toBe(one);
        found.push(pidsOf(app, "web").indexOf(one as string));
      }
      return found;
    };
    const before = await homes();
    expect(new Set(before)).toEqual(new Set([0, 1, 2]));
    await killed(app, "web", 1);
    expect(await homes()).toEqual(before);
  });

  it("is by a port of each instance where that can be, and by the kernel where not", async () => {
    const port = await freePort();
    const warnings: string[] = [];
    const log = { ...SILENT, warn: (text: string) => void warnings.push(text) };
    const config = { processes: { web: web(port, "reuse-port") as never } };
    const app = makeApp({ "web.mjs": WEB }, config, { log: { ...log, child: () => log } });
    await app.master.start();
    const seen = new Set<string>();
    await waitFor("both to answer", async () => {
      for (const { body } of await Promise.all(Array.from({ length: 20 }, () => get(port))))
        seen.add(body);
      return seen.size === 2;
    });
    const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
    const isThere = process.platform === "linux" && (major > 22 || (major === 22 && minor >= 12));
    expect(warnings.some((text) => text.startsWith("balance: reuse-port"))).toBe(!isThere);
  });
});

describe("connections that are handed over", () => {
  it("are lost with a worker that is killed only as far as it had them, and none hangs", async () => {
    const port = await freePort();
    const app = await start({ web: web(port, "round-robin") });
    const failures: string[] = [];
    let answered = 0;
    let isOver = false;
    const client = async (): Promise<void> => {
      while (!isOver) {
        try {
          const timeout = AbortSignal.timeout(20_000);
          await get(port, "/", { signal: timeout });
          answered += 1;
        } catch (error) {
          failures.push((error as NodeJS.ErrnoException).code ?? String(error));
        }
      }
    };
    const clients = Array.from({ length: 6 }, client);
    const kills = 8;
    for (let n = 0; n < kills; n += 1) {
      const goal = answered + 20;
      await waitFor("some load", () => answered >= goal);
      await killed(app, "web", n % 2);
    }
    isOver = true;
    await Promise.all(clients);
    expect(failures.filter((code) => code !== "ECONNRESET")).toEqual([]);
    expect(failures.length).toBeLessThanOrEqual(kills * clients.length);
  });

  it("wait while every worker is down, and are served by those that come", async () => {
    const port = await freePort();
    const app = await start({ web: web(port, "round-robin") });
    const before = pidsOf(app, "web");
    for (const pid of before) process.kill(Number(pid), "SIGSTOP");
    const all = Promise.all(Array.from({ length: 20 }, () => get(port)));
    for (const pid of before) process.kill(Number(pid), "SIGKILL");
    for (const { body, status } of await all) {
      expect(status).toBe(200);
      expect(before).not.toContain(body);
    }
  });

  it("go to a frozen worker once only, and from it to another when it is killed", async () => {
    const port = await freePort();
    const app = await start({ web: web(port, "round-robin", { liveness: false }) });
    const [frozen, other] = pidsOf(app, "web") as [string, string];
    process.kill(Number(frozen), "SIGSTOP");
    let answered = 0;
    const all = Array.from({ length: 20 }, async () => {
      const { body } = await get(port);
      answered += 1;
      return body;
    });
    await waitFor("all but one", () => answered === 19);
    process.kill(Number(frozen), "SIGKILL");
    const bodies = await Promise.all(all);
    expect(bodies).not.toContain(frozen);
    expect(bodies.filter((body) => body === other).length).toBeGreaterThanOrEqual(19);
  });

  it("are given to another while a worker has no descriptor left for them", async () => {
    const port = await freePort();
    // What instance 0 may open it opens, and gives back when it is told.
    const text = `import { closeSync, openSync } from "node:fs"; import http from "node:http";
      const held = [];
      process.on("SIGUSR2", () => held.splice(0).forEach(closeSync));
      http.createServer((request, response) => response.end(String(process.pid)))
        .listen(Number(process.env.PORT), "127.0.0.1", () => {
          if (process.env.ELPIS_PROCESS_INDEX !== "0") return;
          try { for (;;) held.push(openSync("/dev/null")); } catch {}
        });`;
    const command = `import { createMaster, resolveConfig } from "@elpis/process";
      const web = { entry: "full.mjs", scale: 2, ready: "listen", balance: "round-robin", liveness: false };
      const env = { PORT: "${port}" };
      const config = resolveConfig({ name: "full", env, processes: { web } }, { file: process.cwd(), dir: process.cwd() });
      const master = createMaster({ config, dir: process.cwd() + "/run" });
      await master.start();
      console.log(JSON.stringify(master.status().processes.slice(1).map(({ pid }) => pid)));
      process.on("SIGTERM", () => master.stop({ now: true }));`;
    const dir = makeDir({ "full.mjs": text, "master.mjs": command });
    const master = spawn("sh", ["-c", `ulimit -n 256; exec "${process.execPath}" master.mjs`], {
      cwd: dir,
      stdio: ["ignore", "pipe", "ignore"],
    });
    onTestFinished(async () => {
      master.kill("SIGTERM");
      await once(master, "exit");
    });
    const [line] = await once(master.stdout, "data");
    const [full, other] = JSON.parse(String(line)) as [number, number];
    const all = await Promise.all(Array.from({ length: 20 }, () => get(port)));
    expect(
      countsOf(
        all.map(({ body }) => body),
        [String(full), String(other)],
      ),
    ).toEqual([0, 20]);
    process.kill(full, "SIGUSR2");
    await waitFor("it to take some again", async () => (await get(port)).body === String(full));
  });

  it("are all answered while workers leave and others come", async () => {
    const port = await freePort();
    const app = await start({ web: web(port, "round-robin") });
    let isOver = false;
    let answered = 0;
    const client = async (): Promise<void> => {
      for (; !isOver; answered += 1) expect((await get(port)).status).toBe(200);
    };
    const clients = Promise.all(Array.from({ length: 4 }, client));
    await waitFor("some load", () => answered > 10);
    for (const pid of pidsOf(app, "web")) process.kill(Number(pid), "SIGTERM");
    await waitFor("both replaced", () => app.of("web").every(({ epoch }) => epoch === 2));
    await waitFor("both ready", () => app.of("web").every(({ state }) => state === "ready"));
    const goal = answered + 10;
    await waitFor("some more", () => answered > goal);
    isOver = true;
    await clients;
  });

  it("are refused once the application has stopped", async () => {
    const port = await freePort();
    const app = await start({ web: web(port, "round-robin") });
    await get(port);
    await app.master.stop();
    await expect(get(port)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  it("carry TLS and HTTP/2 as any other", async () => {
    const port = await freePort();
    const text = `import http2 from "node:http2";
      const options = { pskCallback: () => Buffer.from("secret"), ciphers: "PSK", maxVersion: "TLSv1.2" };
      http2.createSecureServer({ ...options, allowHTTP1: true }, (request, response) => {
        response.end(request.httpVersion + " " + process.pid);
      }).listen(Number(process.env.PORT), "127.0.0.1");`;
    const config = web(port, "round-robin", { entry: "secure.mjs" });
    const app = await start({ web: config }, { "secure.mjs": text });
    const one = await overTls(port);
    const two = await overHttp2(port);
    const [oneVersion, onePid] = one.split(" ");
    const [twoVersion, twoPid] = two.split(" ");
    expect([oneVersion, twoVersion]).toEqual(["1.1", "2.0"]);
    expect(new Set([onePid, twoPid])).toEqual(new Set(pidsOf(app, "web")));
  });
});

/** A key that both know makes certificates needless. */
const SECURE = {
  ciphers: "PSK",
  maxVersion: "TLSv1.2" as const,
  checkServerIdentity: () => undefined,
  pskCallback: () => ({ psk: Buffer.from("secret"), identity: "test" }),
};

async function overTls(port: number): Promise<string> {
  const agent = new https.Agent(SECURE);
  return (await get(port, "/", { agent, protocol: "https:" })).body;
}

async function overHttp2(port: number): Promise<string> {
  const session = connectHttp2(`https://127.0.0.1:${port}`, SECURE);
  onTestFinished(() => session.destroy());
  const [body] = await once(session.request({ ":path": "/" }), "data");
  return String(body);
}

/** What one process under round robin writes up to its last line. */
async function writes(text: string): Promise<string[]> {
  const config = { entry: "main.mjs", balance: "round-robin" };
  const app = await start({ main: config }, { "main.mjs": text });
  await waitFor("the last line", () => app.said("main").includes("end"));
  return app.said("main").slice(0, -1);
}

describe("a server whose connections are handed over", () => {
  it("is as one with a socket of its own", async () => {
    const lines =
      await writes(`import net from "node:net"; import { spawn } from "node:child_process";
import { once } from "node:events";
      process.once("message", () => console.log("a message that is not for the application"));
      const server = net.createServer({ pauseOnConnect: true }).listen(0, "127.0.0.1");
      await once(server, "listening");
      const { address, family, port } = server.address();
      console.log(address, family, port > 0, server.listening);
      const client = net.connect(port, "127.0.0.1");
      client.write("hello");
      const [socket] = await once(server, "connection");
      console.log(socket.remoteAddress, socket.remotePort === client.localPort, socket.localPort === port);
      console.log(socket.isPaused(), await new Promise((resolve) => server.getConnections((_, count) => resolve(count))));
      socket.resume();
      console.log(String((await once(socket, "data"))[0]));
      const second = net.createServer().listen(port, "127.0.0.1");
      const [{ code, syscall }] = await once(second, "error");
      console.log(code, syscall);
      server.close(() => console.log("closed", server.address()));
      client.end(); socket.end();
      await once(server, "close");
      await once(net.createServer().listen(port, "127.0.0.1"), "listening");
      console.log("again");
      console.log("end");`);
    expect(lines).toEqual([
      "127.0.0.1 IPv4 true true",
      "127.0.0.1 true true",
      "true 1",
      "hello",
      "EADDRINUSE listen",
      "closed null",
      "again",
    ]);
  });

  it("does not keep a process that does not want it to", async () => {
    const text = `import net from "node:net"; import { spawn } from "node:child_process";
import { once } from "node:events";
      const server = net.createServer().listen(0, "127.0.0.1");
      await once(server, "listening");
      process.once("beforeExit", () => console.log("end"));
      process.on("exit", () => console.log("gone"));
      console.log(server._handle.hasRef());
      server.unref();
      console.log(server._handle.hasRef());
      server.ref();
      console.log(server._handle.hasRef());
      console.log("end");`;
    expect(await writes(text)).toEqual(["true", "false", "true"]);
  });

  it("drops what is beyond its bound, and forgets it", async () => {
    const port = await freePort();
    const text = GREETING.replace(
      ".listen(",
      ".on('listening', function () { this.maxConnections = 1; }).listen(",
    );
    const config = web(port, "least-connections", { entry: "greet.mjs", scale: 1 });
    await start({ web: config }, { "greet.mjs": text });
    const first = await hold(port);
    const dropped = connect(port, "127.0.0.1");
    await once(dropped, "close");
    first.socket.destroy();
    await waitFor("room for another", async () => {
      const socket = connect(port, "127.0.0.1");
      onTestFinished(() => void socket.destroy());
      return (
        (await Promise.race([once(socket, "data"), once(socket, "close")]))[0] instanceof Buffer
      );
    });
  });
});

describe("two servers of one process on one port", () => {
  it("cannot be, as ever, however connections come", async () => {
    const text = `import net from "node:net"; import { spawn } from "node:child_process";
import { once } from "node:events";
      const server = net.createServer().listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address();
      const [{ code, message }] = await once(net.createServer().listen(port, "127.0.0.1"), "error");
      console.log(code, message.replace(port, "PORT"));
      server.close();
      const next = net.createServer().listen(port, "127.0.0.1");
      next.close();
      const last = net.createServer().listen(port, "127.0.0.1");
      await once(last, "listening");
      console.log("end");`;
    const app = await start({ main: { entry: "main.mjs" } }, { "main.mjs": text });
    await waitFor("the last line", () => app.said("main").includes("end"));
    const said = "EADDRINUSE listen EADDRINUSE: address already in use 127.0.0.1:PORT";
    expect(app.said("main")).toEqual([said, "end"]);
  });
});

describe("a message without an end on the channel of Node", () => {
  it("costs the worker its life before it costs the master its memory", async () => {
    const text = `import { write } from "node:fs";
      const piece = Buffer.alloc(2 ** 16, 120);
      const more = () => write(3, piece, () => setImmediate(more));
      setTimeout(more, 200);`;
    const config = { entry: "junk.mjs", restart: false };
    const app = await start({ junk: config }, { "junk.mjs": text });
    const before = process.memoryUsage().rss;
    await waitFor("its end", () => app.of("junk")[0]?.lastExit?.signal === "SIGKILL", 30_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(256 * 2 ** 20);
  });
});
