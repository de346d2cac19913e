import { createServer } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { type App, freePort, get, IDLE, makeApp, WEB, waitFor } from "./support.ts";

function web(port: number, more: object = {}): object {
  return { entry: "web.mjs", ready: "listen", env: { PORT: String(port) }, ...more };
}

async function start(files: Record<string, string>, processes: object): Promise<App> {
  const app = makeApp({ "web.mjs": WEB, ...files }, { processes: processes as never });
  await app.master.start();
  return app;
}

/** What one process writes when it is asked to listen in a certain way. */
async function listening(text: string): Promise<string[]> {
  const app = await start({ "main.mjs": text }, { main: { entry: "main.mjs" } });
  await waitFor("the last line", () => app.said("main").includes("end"));
  return app.said("main").slice(0, -1);
}

describe("a shared port", () => {
  it("is served by every instance", async () => {
    const port = await freePort();
    const app = await start({}, { web: web(port, { scale: 2 }) });
    const pids = app.of("web").map(({ pid }) => String(pid));
    const seen = new Set<string>();
    await waitFor("both to answer", async () => {
      const answers = await Promise.all(Array.from({ length: 20 }, () => get(port)));
      for (const { body } of answers) seen.add(body);
      return seen.size === 2;
    });
    expect([...seen].sort()).toEqual([...pids].sort());
  });

  it("is the same for all instances that ask for any, call by call, and after a restart", async () => {
    const two = `import net from "node:net";
      const ports = [];
      for (let n = 0; n < 2; n++) net.createServer().listen(0, "127.0.0.1", function () {
        ports[n] = this.address().port;
        if (ports[0] && ports[1]) console.log(ports.join(" "));
      });`;
    const app = await start({ "two.mjs": two }, { two: { entry: "two.mjs", scale: 2 } });
    await waitFor("both", () => app.said("two").length === 2);
    process.kill(app.of("two")[0]?.pid as number, "SIGKILL");
    await waitFor("the replacement", () => app.said("two").length === 3);
    const [first, second] = (app.said("two")[0] as string).split(" ");
    expect(new Set(app.said("two")).size).toBe(1);
    expect(first).not.toBe(second);
  });

  it("stays open while the only worker is down, and nobody is refused", async () => {
    const port = await freePort();
    const app = await start({}, { web: web(port, { restart: { minDelay: 400 } }) });
    const die = (): boolean => process.kill(app.of("web")[0]?.pid as number, "SIGKILL");
    die();
    // The first time it is started again at once.
    await waitFor("the replacement", () => {
      const [web] = app.of("web");
      return web?.epoch === 2 && web.state === "ready";
    });
    die();
    await waitFor("its end", () => app.of("web")[0]?.state === "backoff");
    const answers = await Promise.all(Array.from({ length: 20 }, () => get(port)));
    expect(app.of("web")[0]?.epoch).toBe(3);
    const bodies = new Set(answers.map(({ status, body }) => `${status} ${body}`));
    expect(bodies).toEqual(new Set([`200 ${app.of("web")[0]?.pid}`]));
  });

  it("is closed by a stop, and when its process has failed for good", async () => {
    const port = await freePort();
    const app = await start({}, { web: web(port, { restart: { intensity: 0 } }) });
    process.kill(app.of("web")[0]?.pid as number, "SIGKILL");
    await waitFor("the failure", () => app.of("web")[0]?.state === "failed");
    await expect(get(port)).rejects.toMatchObject({ code: "ECONNREFUSED" });

    const other = await freePort();
    const stopped = await start({}, { web: web(other) });
    await stopped.master.stop();
    await expect(get(other)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  it("is closed when its process has ended and is not to be started again", async () => {
    const port = await freePort();
    const text = `${WEB} setTimeout(() => process.exit(0), 300);`;
    const app = await start({ "web.mjs": text }, { web: web(port, { restart: false }) });
    await waitFor("its end", () => app.of("web")[0]?.state === "stopped");
    await expect(get(port)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  it("is closed when the replacements have turned to another", async () => {
    const [fixed, first, second] = [await freePort(), await freePort(), await freePort()];
    const text = `import http from "node:http"; import { existsSync, writeFileSync } from "node:fs";
      const ports = [${fixed}, existsSync("again") ? ${second} : ${first}];
      writeFileSync("again", "");
      for (const port of ports) http.createServer((_, response) => response.end("ok")).listen(port, "127.0.0.1");`;
    const app = await start(
      { "main.mjs": text },
      { main: { entry: "main.mjs", restart: { minDelay: 1 } } },
    );
    await waitFor("the first", () => get(first).catch(() => false));
    process.kill(app.of("main")[0]?.pid as number, "SIGKILL");
    await waitFor("the second", () => get(second).catch(() => false));
    const isRefused = (): Promise<boolean> =>
      get(first, "/", { timeout: 100, signal: AbortSignal.timeout(100) }).then(
        () => false,
        ({ code }) => code === "ECONNREFUSED",
      );
    expect(await isRefused()).toBe(false);
    await waitFor("the first to be closed", isRefused);
    expect((await get(fixed)).status).toBe(200);
    expect((await get(second)).status).toBe(200);
  });

  it("is closed when the application closes it, and can be opened again", async () => {
    const port = await freePort();
    const text = `import http from "node:http";
      const server = http.createServer((_, response) => response.end("again"));
      const open = () => new Promise((resolve) => server.listen(${port}, "127.0.0.1", resolve));
      await open();
      console.log("closed", await new Promise((resolve) => server.close((error) => resolve(String(error)))));
      process.once("SIGUSR2", async () => { await open(); console.log("open"); });`;
    const app = await start({ "main.mjs": text }, { main: { entry: "main.mjs" } });
    expect(app.said("main")).toEqual(["closed undefined"]);
    await waitFor("the port to close", () =>
      get(port).then(
        () => false,
        ({ code }) => code === "ECONNREFUSED",
      ),
    );
    process.kill(app.of("main")[0]?.pid as number, "SIGUSR2");
    await waitFor("the port to open", () => app.said("main").includes("open"));
    expect((await get(port)).body).toBe("again");
  });
});

describe("a port that is taken", () => {
  const text = (port: number, rest: string): string => `import http from "node:http";
    http.createServer().listen(${port}, "127.0.0.1")${rest}`;

  async function taken(): Promise<number> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    return (server.address() as { port: number }).port;
  }

  it("ends the process with an error that names it", async () => {
    const port = await taken();
    const app = makeApp(
      { "web.mjs": text(port, ";") },
      { processes: { web: { entry: "web.mjs", ready: "listen" } } },
    );
    const message = new RegExp(`EADDRINUSE: address already in use 127\\.0\\.0\\.1:${port}`);
    await expect(app.master.start()).rejects.toThrow(message);
  });

  it("gives the error that Node gives, to whoever listens to it", async () => {
    const port = await taken();
    const [line] = await listening(`import http from "node:http";
      const server = http.createServer();
      server.on("error", ({ code, syscall, address, port, message }) => {
        console.log(JSON.stringify({ code, syscall, address, port, message, listening: server.listening }));
        console.log("end");
      });
      server.listen(${port}, "127.0.0.1");`);
    expect(JSON.parse(line as string)).toEqual({
      code: "EADDRINUSE",
      syscall: "listen",
      address: "127.0.0.1",
      port,
      message: `listen EADDRINUSE: address already in use 127.0.0.1:${port}`,
      listening: false,
    });
  });

  it("is so for another process of the application as well", async () => {
    const port = await freePort();
    const app = makeApp(
      { "web.mjs": WEB },
      { processes: { web: web(port), other: web(port) } as never },
    );
    await expect(app.master.start()).rejects.toThrow(/Process other\.0 .*EADDRINUSE/s);
  });
});

describe("listen", () => {
  it("works in each of its forms", async () => {
    const lines = await listening(`import net from "node:net"; import { once } from "node:events";
      const open = async (...args) => {
        const server = net.createServer();
        server.listen(...args);
        await once(server, "listening");
        const { family, address } = server.address();
        const socket = net.connect(server.address().port, address === "::" ? "127.0.0.1" : address);
        await once(socket, "connect");
        socket.destroy();
        await new Promise((resolve) => server.close(resolve));
        return family + " " + address;
      };
      console.log(await open());
      console.log(await open({ port: 0, host: "localhost" }) !== undefined);
      console.log(await open(0, "127.0.0.1", 5));
      console.log(await open({ port: 0, host: "127.0.0.1", exclusive: true }));
      console.log(await new Promise((resolve) => {
        const server = net.createServer().listen("./pipe", () => server.close(() => resolve("pipe")));
      }));
      console.log("end");`);
    expect(lines.slice(1)).toEqual(["true", "IPv4 127.0.0.1", "IPv4 127.0.0.1", "pipe"]);
    expect(lines[0]).toMatch(/^IPv(6 ::|4 0\.0\.0\.0)$/);
  });

  it("can be given up: by a signal, by close, twice at once not at all", async () => {
    const lines = await listening(`import net from "node:net"; import { once } from "node:events";
      const controller = new AbortController();
      const first = net.createServer().listen({ port: 0, signal: controller.signal });
      await once(first, "listening");
      controller.abort();
      await once(first, "close");
      console.log("aborted");
      const second = net.createServer();
      second.on("listening", () => console.log("WRONG"));
      second.listen(0);
      try { second.listen(0); } catch ({ code }) { console.log(code); }
      console.log(await new Promise((resolve) => second.close(({ code }) => resolve(code))));
      second.off("listening", second.listeners("listening")[0]);
      second.listen(0);
      await once(second, "listening");
      try { second.listen(0); } catch ({ code }) { console.log(code); }
      const aborted = net.createServer().listen({ port: 0, signal: AbortSignal.abort() });
      await once(aborted, "close");
      console.log("end");`);
    expect(lines).toEqual([
      ...[
        "aborted",
        "ERR_SERVER_ALREADY_LISTEN",
        "ERR_SERVER_NOT_RUNNING",
        "ERR_SERVER_ALREADY_LISTEN",
      ],
    ]);
  });

  it("reports a host that is not there, and a port that is none", async () => {
    const lines = await listening(`import net from "node:net"; import { once } from "node:events";
      const server = net.createServer().listen(0, "no.such.host.invalid");
      const [error] = await once(server, "error");
      console.log(error.syscall);
      try { net.createServer().listen(70000); } catch ({ code }) { console.log(code); }
      try { net.createServer().listen({}); } catch ({ code }) { console.log(code); }
      const foreign = net.createServer().listen(0, "192.0.2.1");
      const [{ code, syscall }] = await once(foreign, "error");
      console.log(code, syscall);
      console.log("end");`);
    expect(lines).toEqual([
      ...["getaddrinfo", "ERR_SOCKET_BAD_PORT", "ERR_INVALID_ARG_VALUE", "EADDRNOTAVAIL listen"],
    ]);
  });

  it("says what is wrong when the channel to the master is closed", async () => {
    const lines = await listening(`import net from "node:net"; import { once } from "node:events";
      process.disconnect();
      const [{ code }] = await once(net.createServer().listen(0), "error");
      console.log(code);
      const own = net.createServer().listen({ port: 0, exclusive: true });
      await once(own, "listening");
      console.log("end");`);
    expect(lines).toEqual(["ELPIS_PROCESS_CHANNEL_CLOSED"]);
  });

  it("is nothing to a process that the master does not share ports with", async () => {
    const port = await freePort();
    const app = await start({ "idle.mjs": IDLE }, { idle: { entry: "idle.mjs" } });
    await expect(get(port)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    expect(app.of("idle")[0]?.state).toBe("ready");
  });
});
