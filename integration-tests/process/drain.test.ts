import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import https from "node:https";
import net from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Answer, type App, freePort, get, makeApp, WEB, waitFor } from "./support.ts";

async function start(text: string, more: object = {}): Promise<{ app: App; port: number }> {
  const port = await freePort();
  const web = { entry: "web.mjs", ready: "listen", env: { PORT: String(port) }, ...more };
  const app = makeApp({ "web.mjs": text }, { processes: { web: web as never } });
  await app.master.start();
  return { app, port };
}

function keepAlive(): http.Agent {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  return agent;
}

describe("a process that leaves", () => {
  it("finishes the requests it has, and says that the connection closes", async () => {
    const { app, port } = await start(WEB);
    const agent = keepAlive();
    const slow = get(port, "/slow", { agent });
    const slowFresh = get(port, "/slow");
    await waitFor("the request to arrive", async () => (await get(port)).status === 200);
    const stopped = app.master.stop();
    expect(await slow).toMatchObject({ status: 200, connection: "close" });
    expect(await slowFresh).toMatchObject({ status: 200 });
    await stopped;
    expect(app.of("web")[0]?.lastExit).toMatchObject({ code: 0, cause: "asked" });
  });

  it("answers what still comes over a kept-alive connection, then closes it", async () => {
    const { app, port } = await start(WEB);
    const agent = keepAlive();
    expect(await get(port, "/", { agent })).toMatchObject({ connection: "keep-alive" });
    const stopped = app.master.stop();
    await waitFor("the port to close", () =>
      get(port).then(
        () => false,
        ({ code }) => code === "ECONNREFUSED",
      ),
    );
    expect(await get(port, "/", { agent })).toMatchObject({ status: 200, connection: "close" });
    await stopped;
  });

  it("says so even when the application says that the connection stays", async () => {
    const headers = [
      'response.setHeader("Connection", "keep-alive")',
      'response.writeHead(200, { "X-A": "1", connection: "keep-alive" })',
      'response.writeHead(200, "Fine", ["X-A", "1", "Connection", "keep-alive"])',
      'response.writeHead(200, [["X-A", "1"], ["Connection", "keep-alive"]])',
    ];
    const text = WEB.replace("(request, response) => {", (found) => {
      const cases = headers.map((one, at) => `if (request.url === "/${at}") ${one};`);
      return `${found} response.sendDate = false; if (request.url === "/wait") return void setTimeout(() => {
        response.setHeader("Connection", "keep-alive"); response.end(); }, 600); ${cases.join(" ")}`;
    });
    const { app, port } = await start(text);
    const agents = headers.map(() => keepAlive());
    for (const [at, agent] of agents.entries()) {
      expect(await get(port, `/${at}`, { agent })).toMatchObject({ connection: "keep-alive" });
    }
    const begun = get(port, "/wait", { agent: keepAlive() });
    await get(port);
    const stopped = app.master.stop();
    await waitFor("the port to close", () =>
      get(port).then(
        () => false,
        ({ code }) => code === "ECONNREFUSED",
      ),
    );
    const answers = agents.map((agent, at) => get(port, `/${at}`, { agent }));
    for (const answer of [...answers, begun]) {
      expect(await answer).toMatchObject({ status: 200, connection: "close" });
    }
    await stopped;
  });

  it("closes idle connections in an orderly way and does not wait for the whole timeout", async () => {
    const { app, port } = await start(WEB);
    const socket = net.connect(port, "127.0.0.1");
    await once(socket, "connect");
    const ends = Promise.all([once(socket, "end"), once(socket, "close")]);
    socket.resume();
    const began = performance.now();
    await app.master.stop();
    const [, [hadError]] = await ends;
    expect(hadError).toBe(false);
    expect(performance.now() - began).toBeLessThan(4000);
  });

  it("loses no kept-alive request while it is replaced again and again", async () => {
    const { app, port } = await start(WEB, { scale: 2 });
    let isOver = false;
    let answered = 0;
    const clients = Array.from({ length: 8 }, async () => {
      const agent = keepAlive();
      while (!isOver) {
        const { status } = await get(port, "/", { agent });
        expect(status).toBe(200);
        answered += 1;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    });
    const load = Promise.all(clients);
    for (let round = 0; round < 6; round += 1) {
      const { pid, epoch } = app.of("web")[round % 2] as { pid: number; epoch: number };
      process.kill(pid, "SIGTERM");
      const isReplaced = (): boolean => {
        const one = app.of("web")[round % 2];
        return one?.state === "ready" && one.epoch > epoch;
      };
      await Promise.race([load, waitFor("the replacement", isReplaced)]);
    }
    isOver = true;
    await load;
    expect(answered).toBeGreaterThan(500);
  });

  it("bounds all that: a request without end is cut after the stop timeout", async () => {
    const endless = WEB.replace(
      '"/slow") setTimeout(answer, 800)',
      '"/slow") response.write("...")',
    );
    const { app, port } = await start(endless, { stopTimeout: "600ms" });
    const cut = get(port, "/slow").then(
      () => "answered",
      () => "cut",
    );
    await waitFor("the request to arrive", async () => (await get(port)).status === 200);
    const began = performance.now();
    await app.master.stop();
    expect(performance.now() - began).toBeGreaterThan(550);
    expect(performance.now() - began).toBeLessThan(4000);
    expect(await cut).toBe("cut");
  });

  it("lets the application's own server.close finish as ever", async () => {
    const own = `${WEB}
      process.on("SIGTERM", () => server.close((error) => { console.log("closed", error); process.exit(7); }));`;
    const { app, port } = await start(own);
    const slow = get(port, "/slow");
    await waitFor("the request to arrive", async () => (await get(port)).status === 200);
    await app.master.stop();
    expect((await slow).status).toBe(200);
    expect(app.said("web").at(-1)).toBe("closed undefined");
    expect(app.of("web")[0]?.lastExit?.code).toBe(7);
  });

  it("closes what was upgraded after the application has had its say", async () => {
    const upgrade = `${WEB}
      const open = new Set();
      server.on("upgrade", (_, socket) => {
        open.add(socket);
        socket.write("HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: echo\\r\\n\\r\\n");
      });
      process.on("SIGTERM", async () => { for (const socket of open) socket.write("bye"); });`;
    const { app, port } = await start(upgrade);
    const request = http.get({
      port,
      host: "127.0.0.1",
      headers: { connection: "Upgrade", upgrade: "echo" },
    });
    const [, socket] = (await once(request, "upgrade")) as [unknown, net.Socket];
    let heard = "";
    socket.on("data", (chunk: Buffer) => {
      heard += String(chunk);
    });
    const ended = once(socket, "end");
    const began = performance.now();
    const stopped = app.master.stop();
    await ended;
    expect(heard).toBe("bye");
    socket.end();
    await stopped;
    expect(performance.now() - began).toBeLessThan(4000);
  });

  it("waits for other connections, and ends HTTP/2 sessions", async () => {
    const text = `import http2 from "node:http2"; import net from "node:net";
      http2.createServer((_, response) => setTimeout(() => response.end("two"), 400)).listen(Number(process.env.PORT), "127.0.0.1");
      const raw = net.createServer((socket) => { socket.on("data", () => setTimeout(() => socket.end("raw"), 600)); });
      raw.listen(0, "127.0.0.1", () => console.log(raw.address().port));`;
    const { app, port } = await start(text);
    const [line] = await waitFor(
      "the second port",
      () => app.said("web").length > 0 && app.said("web"),
    );
    const raw = net.connect(Number(line), "127.0.0.1");
    await once(raw, "connect");
    let heard = "";
    raw.on("data", (chunk: Buffer) => {
      heard += String(chunk);
    });
    raw.write("?");
    const session = http2.connect(`http://127.0.0.1:${port}`);
    const stream = session.request({ ":path": "/" });
    let body = "";
    stream.on("data", (chunk: Buffer) => {
      body += String(chunk);
    });
    await once(session, "remoteSettings");
    const closed = Promise.all([once(session, "close"), once(raw, "close")]);
    await app.master.stop();
    await closed;
    expect([body, heard]).toEqual(["two", "raw"]);
    expect(app.of("web")[0]?.lastExit).toMatchObject({ code: 0 });
  });

  it("does the same over TLS", async () => {
    // A key that both know makes certificates needless.
    const text = `import https from "node:https";
      const pskCallback = () => Buffer.from("secret");
      https.createServer({ pskCallback, ciphers: "PSK", maxVersion: "TLSv1.2" }, (request, response) => {
        setTimeout(() => response.end("ok"), request.url === "/slow" ? 600 : 0);
      }).listen(Number(process.env.PORT), "127.0.0.1");`;
    const { app, port } = await start(text);
    const secure = {
      ciphers: "PSK",
      maxVersion: "TLSv1.2" as const,
      checkServerIdentity: () => undefined,
      pskCallback: () => ({ psk: Buffer.from("secret"), identity: "test" }),
      keepAlive: true,
      maxSockets: 1,
    };
    const [idle, busy] = [new https.Agent(secure), new https.Agent(secure)];
    onTestFinished(() => {
      idle.destroy();
      busy.destroy();
    });
    const ask = (path: string, agent: https.Agent): Promise<Answer> =>
      get(port, path, { agent, protocol: "https:" });
    expect(await ask("/", idle)).toMatchObject({ status: 200, connection: "keep-alive" });
    expect(await ask("/", busy)).toMatchObject({ status: 200, connection: "keep-alive" });
    const slow = ask("/slow", busy);
    await new Promise((resolve) => setImmediate(resolve));
    const began = performance.now();
    const stopped = app.master.stop();
    expect(await slow).toMatchObject({ status: 200, body: "ok", connection: "close" });
    await stopped;
    expect(performance.now() - began).toBeLessThan(4000);
    expect(app.of("web")[0]?.lastExit).toMatchObject({ code: 0 });
  });
});
