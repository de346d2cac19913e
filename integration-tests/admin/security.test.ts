import { existsSync, readFileSync, statSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { expect, it, onTestFinished } from "vitest";
import { waitFor } from "../process/support.ts";
import { adminApp, request } from "./support.ts";

const outside = Object.values(networkInterfaces())
  .flat()
  .find((one) => one?.family === "IPv4" && !one.internal)?.address;

it("lets in whom it should, and nobody else", async () => {
  const app = await adminApp();
  const pids = () => app.master.status().processes.map(({ pid }) => pid);
  const before = pids();
  // Files that only this user can read.
  for (const file of ["admin.token", "admin.json"]) {
    expect(statSync(`${app.run}/${file}`).mode & 0o777, file).toBe(0o600);
  }
  // Not on other interfaces: the old one was on all of them.
  if (outside !== undefined) {
    await expect(request({ host: outside, port: app.port, path: "/" })).rejects.toThrow(
      "ECONNREFUSED",
    );
  }
  // A name that leads here, and is not ours.
  for (const host of ["evil.example", `evil.example:${app.port}`, "127.0.0.1.evil.example"]) {
    const { status, body } = await app.get("/process", { host });
    expect([status, body.success], host).toEqual([421, false]);
  }
  for (const host of ["localhost", `LOCALHOST:${app.port}`, "[::1]:80"]) {
    expect((await app.get("/process", { host })).status, host).toBe(200);
  }
  // Pages of somebody else, also of another port of this machine.
  for (const origin of ["http://evil.example", "null", "http://localhost:1", `https://127.0.0.1`]) {
    const asked = await app.get("/process", { origin });
    expect([asked.status, asked.body.code], origin).toEqual([403, "ELPIS_ADMIN_ORIGIN"]);
    expect(asked.headers["access-control-allow-origin"]).toBeUndefined();
  }
  expect((await app.get("/", { "sec-fetch-site": "cross-site" })).status).toBe(403);
  expect((await app.get("/", { origin: app.url })).status).toBe(200);
  // Without the token, or with another one.
  const path = "/process/web/restart";
  for (const headers of [
    {},
    { authorization: "Bearer wrong" },
    { authorization: `Basic ${app.token}` },
    { authorization: `Bearer ${app.token}x` },
    { cookie: `token=${app.token}` },
  ]) {
    expect((await app.post(path, undefined, headers)).status, JSON.stringify(headers)).toBe(401);
  }
  expect((await app.post(`${path}?token=${app.token}`, undefined, {})).status).toBe(401);
  // With it, but as any form could send it.
  const authorization = `Bearer ${app.token}`;
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
    const headers = { authorization, "content-type": type };
    expect((await app.post("/scale", '{"scale":{"web":1}}', headers)).status, type).toBe(415);
  }
  // GET changes nothing.
  for (const one of [path, "/reload", "/rollback", "/scale", "/process/web/stop"]) {
    expect([404, 405], one).toContain((await app.get(one, { authorization })).status);
  }
  for (const method of ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"]) {
    const { status } = await request({ method, path: "/process", port: app.port });
    expect(status, method).toBeGreaterThanOrEqual(400);
  }
  expect(pids()).toEqual(before);
});

it("reads no more than it has to", async () => {
  const app = await adminApp();
  const long = "a".repeat(64 * 1024);
  expect((await app.get(`/${long}`)).status).toBe(431);
  expect((await app.get(`/process/${"a".repeat(8000)}`)).status).toBe(414);
  expect((await app.get("/", { "x-long": long })).status).toBe(431);
  expect((await app.post("/scale", { scale: { web: long + long } })).status).toBe(413);
  expect((await app.post("/scale", "{")).status).toBe(400);
  expect((await app.post("/scale", '{"__proto__":{"a":1}}')).status).toBe(400);
  expect((await app.post("/scale", [])).status).toBe(400);
  for (const answer of [
    await app.get("/nothing"),
    await app.get("/process/nobody"),
    await app.post("/scale", "{"),
  ]) {
    expect(answer.text).not.toMatch(/\n\s*at |node_modules|\.ts:|\.js:/);
    expect(answer.body.success).toBe(false);
  }
  expect((await app.get("/")).status).toBe(200);
});

it("a thousand slow connections are harmless", async () => {
  const app = await adminApp();
  const sockets: Socket[] = [];
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  let closed = 0;
  for (let at = 0; at < 1000; at += 1) {
    const socket = connect(app.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.on("close", () => {
      closed += 1;
    });
    socket.resume();
    socket.write(
      at % 2 === 0
        ? "GET / HTTP/1.1\r\nHost: local"
        : "POST /scale HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\nContent-Type: application/json\r\n",
    );
    sockets.push(socket);
  }
  await waitFor("them to be connected", () => sockets.every(({ connecting }) => !connecting));
  const began = performance.now();
  expect((await app.get("/health")).status).toBe(200);
  expect(performance.now() - began).toBeLessThan(5000);
  await waitFor("all of them to be closed", () => closed === 1000, 30_000);
  expect((await app.get("/health")).status).toBe(200);
});

it("shows no secrets", async () => {
  const app = await adminApp();
  for (const path of ["/", "/info", "/runtime", "/process", "/process/web", "/daemon", "/config"]) {
    const { status, text } = await app.get(path);
    expect([path, status]).toEqual([path, 200]);
    expect(text, path).not.toContain("hunter2");
    expect(text, path).not.toContain(app.token);
  }
  expect((await app.get("/process/web")).text).toContain("(hidden)");
});

it("keeps its token and its port over restarts of the agent", async () => {
  const app = await adminApp();
  const { pid } = JSON.parse(readFileSync(`${app.run}/admin.json`, "utf8"));
  expect((await app.post("/process/agent/restart")).status).toBe(202);
  const next = await waitFor("the next agent", () => {
    try {
      const found = JSON.parse(readFileSync(`${app.run}/admin.json`, "utf8"));
      return found.pid !== pid && found;
    } catch {
      // Between two of them there is none.
      return false;
    }
  });
  // The port is the application's: it stays.
  expect(next.url).toBe(app.url);
  await waitFor("the restart to be over", () => app.master.status().operation === undefined);
  expect((await app.post("/process/web.0/restart")).status).toBe(200);
});

it("takes a token of yours, and asks for it everywhere where told to", async () => {
  const app = await adminApp('admin({ protect: "all", token: "0123456789abcdef" })');
  expect(existsSync(`${app.run}/admin.token`)).toBe(false);
  expect((await app.get("/health")).status).toBe(401);
  const authorization = "Bearer 0123456789abcdef";
  expect((await app.get("/health", { authorization })).status).toBe(200);
});

it("listens on a socket that only this user can reach, also after its agent was killed", async () => {
  const app = await adminApp('admin({ socket: "admin.sock" })');
  const socketPath = `${app.run}/admin.sock`;
  const ask = () => request({ socketPath, path: "/runtime", headers: { host: "anything" } });
  const { status, body } = await ask();
  expect(status).toBe(200);
  expect(statSync(socketPath).mode & 0o777).toBe(0o600);
  const { pid } = body.data as { pid: number };
  process.kill(pid, "SIGKILL");
  await waitFor("the next one", async () => {
    const next = await ask().catch(() => undefined);
    return next?.status === 200 && (next.body.data as { pid: number }).pid !== pid;
  });
  await app.master.stop();
  expect(existsSync(socketPath)).toBe(false);
});
