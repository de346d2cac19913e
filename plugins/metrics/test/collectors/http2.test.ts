import { execFileSync, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import http2 from "node:http2";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createStore, type HistogramPoint, type Point } from "@elpis/telemetry";
import { tempDir, waitFor } from "@elpis/testing";
import { expect, it, onTestFinished } from "vitest";
import { MetricsRegistry } from "../../src/front/registry.ts";
import { measure } from "../../src/process/collect.ts";

const DURATION = "http.server.request.duration";

interface Measured {
  /** `GET 200`, and how often. */
  seen(): Record<string, number>;
  points(name: string): readonly Point[];
  active(): number;
  end(): void;
}

async function begin(): Promise<Measured> {
  const store = createStore();
  const registry = new MetricsRegistry({ store, tags: {} });
  const end = await measure({
    ...{ registry, options: {}, isForSystem: false },
    ...{ hub: undefined, supervision: undefined },
  });
  onTestFinished(end);
  const points = (name: string) => store.readPoints({ names: [name] });
  return {
    points,
    seen: () =>
      Object.fromEntries(
        (points(DURATION) as HistogramPoint[]).map(({ tags, count }) => [
          `${tags["http.request.method"]} ${tags["http.response.status_code"] ?? tags["error.type"]}`,
          count,
        ]),
      ),
    active: () =>
      points("http.server.active_requests").reduce(
        (sum, point) => sum + (point as { value: number }).value,
        0,
      ),
    end,
  };
}

async function listen(server: http2.Http2Server | http2.Http2SecureServer): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

function connect(url: string, options: http2.SecureClientSessionOptions = {}) {
  const session = http2.connect(url, options);
  session.on("error", () => {});
  onTestFinished(() => session.destroy());
  return {
    session,
    /** Resolves with the status when the answer was read. */
    async ask(headers: http2.OutgoingHttpHeaders, body?: string): Promise<number> {
      const stream = session.request(headers, { endStream: body === undefined });
      if (body !== undefined) stream.end(body);
      const [answer] = await once(stream, "response");
      stream.resume();
      await once(stream, "close");
      return Number(answer[":status"]);
    },
  };
}

it("measures what an HTTP/2 server answers, by method and status, whatever way it answers in", async () => {
  const measured = await begin();
  const server = http2.createServer();
  server.on("stream", (stream, headers) => {
    const path = headers[":path"];
    if (path === "/file") stream.respondWithFile(import.meta.filename);
    else if (path === "/head") stream.respond({ ":status": 204 }, { endStream: true });
    else if (path === "/slow") {
      setTimeout(() => {
        stream.respond();
        stream.end("hi");
      }, 100);
    } else {
      stream.respond({ ":status": Number(path?.slice(1)) });
      stream.end("hi");
    }
  });
  const { ask } = connect(`http://127.0.0.1:${await listen(server)}`);
  // All of them over one connection, at once.
  const paths = ["/200", "/200", "/404", "/500", "/file", "/head", "/slow"];
  const statuses = await Promise.all(paths.map((path) => ask({ ":path": path })));
  expect(statuses).toEqual([200, 200, 404, 500, 200, 204, 200]);
  expect(await ask({ ":path": "/201", ":method": "POST" }, "body")).toBe(201);
  await waitFor(() => measured.active() === 0, { what: "all to be over" });
  expect(measured.seen()).toEqual({
    ...{ "GET 200": 4, "GET 404": 1, "GET 500": 1, "GET 204": 1, "POST 201": 1 },
  });
  const [found] = (measured.points(DURATION) as HistogramPoint[]).filter(({ max }) => max > 0.09);
  expect(found?.max).toBeLessThan(5);
  const classes = measured.points("http.server.responses");
  expect(classes.map(({ tags, ...one }) => [tags.class, (one as { value: number }).value])).toEqual(
    expect.arrayContaining([
      ["2xx", 6],
      ["4xx", 1],
      ["5xx", 1],
    ]),
  );
});

it("knows whose client has gone away, and lets go of servers", async () => {
  const measured = await begin();
  const server = http2.createServer((request, response) => {
    if (request.url !== "/hang") response.end("hi");
  });
  const before = server.listenerCount("stream");
  const { session, ask } = connect(`http://127.0.0.1:${await listen(server)}`);
  expect(await ask({ ":path": "/" })).toBe(200);
  expect(server.listenerCount("stream")).toBe(before + 1);
  const hanging = session.request({ ":path": "/hang" });
  hanging.on("error", () => {});
  await waitFor(() => measured.active() === 1, { what: "it to be asked" });
  hanging.close(http2.constants.NGHTTP2_CANCEL);
  await waitFor(() => measured.active() === 0, { what: "it to be over" });
  expect(measured.seen()).toEqual({ "GET 200": 1, "GET aborted": 1 });
  measured.end();
  expect(server.listenerCount("stream")).toBe(before);
  expect(await ask({ ":path": "/" })).toBe(200);
  expect(measured.seen()["GET 200"]).toBe(1);
});

it("does not take an answer that its client has broken off for a whole one", async () => {
  const measured = await begin();
  const server = http2.createServer();
  server.on("stream", (stream) => {
    stream.on("error", () => {});
    stream.respond();
    stream.write("the first part");
  });
  const { session } = connect(`http://127.0.0.1:${await listen(server)}`);
  for (let count = 1; count <= 2; count++) {
    const stream = session.request({ ":path": "/" });
    stream.on("error", () => {});
    await once(stream, "response");
    await once(stream, "data");
    stream.close(http2.constants.NGHTTP2_CANCEL);
    await waitFor(() => measured.active() === 0, { what: "it to be over" });
    expect(measured.seen()).toEqual({ "GET aborted": count });
  }
});

it("counts each request once where a server has both versions over TLS", async (context) => {
  if (spawnSync("openssl", ["version"]).error !== undefined) {
    console.log("skipped: openssl is not installed");
    context.skip("openssl is not installed");
  }
  const measured = await begin();
  const dir = await tempDir();
  onTestFinished(() => dir.remove());
  const [key, cert] = [join(dir.path, "key.pem"), join(dir.path, "cert.pem")];
  const subject = ["-subj", "/CN=localhost", "-days", "1"];
  const files = ["-keyout", key, "-out", cert, "-newkey", "rsa:2048", "-nodes"];
  execFileSync("openssl", ["req", "-x509", ...files, ...subject], { stdio: "ignore" });
  const server = http2.createSecureServer(
    { key: readFileSync(key), cert: readFileSync(cert), allowHTTP1: true },
    (request, response) => {
      response.statusCode = request.httpVersionMajor === 2 ? 202 : 203;
      response.end("hi");
    },
  );
  const port = await listen(server);
  const options = { rejectUnauthorized: false };
  const { ask } = connect(`https://127.0.0.1:${port}`, options);
  expect(await ask({ ":path": "/" })).toBe(202);
  const answer = await new Promise<number | undefined>((resolve, reject) => {
    const url = `https://127.0.0.1:${port}/`;
    https
      .get(url, { ...options, agent: false }, (found) => {
        found.resume().on("end", () => resolve(found.statusCode));
      })
      .on("error", reject);
  });
  expect(answer).toBe(203);
  await waitFor(() => measured.active() === 0, { what: "all to be over" });
  expect(measured.seen()).toEqual({ "GET 202": 1, "GET 203": 1 });
});
