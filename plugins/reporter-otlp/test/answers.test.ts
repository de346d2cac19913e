import { Reject, RetryLater, TooLarge } from "@elpis/api";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { open } from "../src/open.ts";
import { type HttpServer, httpServer } from "./support/http-server.ts";
import { partialAnswer } from "./support/protos.ts";
import { batchOf, call, ERRORS, EVENTS, POINTS, SPANS } from "./support/samples.ts";

let server: HttpServer;
beforeEach(async () => {
  server = await httpServer();
});
afterEach(() => server.close());

const SECRET = "0123456789abcdef0123456789abcdef";
const metrics = { signals: ["metrics"] } as const;

describe("what a backend answers", () => {
  it("is told to the host", async () => {
    const reporter = await open({ endpoint: server.url, ...metrics }, {});
    const batch = batchOf({ points: POINTS });
    const failure = async (status: number, headers = {}): Promise<unknown> => {
      server.answers.push((response) => response.writeHead(status, headers).end());
      return reporter.report(batch, call()).then(
        () => undefined,
        (error: unknown) => error,
      );
    };
    expect(await failure(429, { "retry-after": "20" })).toMatchObject({
      ...{ code: "ELPIS_REPORTER_RETRY_LATER", details: { afterMs: 20_000 } },
    });
    for (const status of [429, 502, 503, 504]) {
      expect(await failure(status)).toBeInstanceOf(RetryLater);
    }
    expect(await failure(413)).toBeInstanceOf(TooLarge);
    // OTLP has no others to be asked again after: of what breaks a backend it would be asked without end.
    for (const status of [400, 401, 404, 408, 415, 425, 500, 501]) {
      expect(await failure(status)).toBeInstanceOf(Reject);
    }
    expect(await reporter.report(batch, call())).toEqual({ rejected: 0 });
  });

  it.each([
    ["/v1/metrics", { points: POINTS }],
    ["/v1/traces", { spans: SPANS }],
    ["/v1/logs", { errors: ERRORS, events: EVENTS }],
  ])("shows what was not taken of %s", async (path, parts) => {
    const batch = batchOf(parts);
    const protobuf = await open({ endpoint: server.url }, {});
    server.answers.push((response) =>
      response
        .setHeader("content-type", "application/x-protobuf")
        .end(partialAnswer(path, 300, "too old")),
    );
    expect(await protobuf.report(batch, call())).toEqual({ rejected: 300, reason: "too old" });
    const json = await open({ endpoint: server.url, protocol: "http/json" }, {});
    const field = {
      "/v1/metrics": "rejectedDataPoints",
      "/v1/traces": "rejectedSpans",
    }[path];
    const partialSuccess = { [field ?? "rejectedLogRecords"]: "2", errorMessage: "too old" };
    server.answers.push((response) =>
      response
        .setHeader("content-type", "application/json")
        .end(JSON.stringify({ partialSuccess })),
    );
    expect(await json.report(batch, call())).toEqual({ rejected: 2, reason: "too old" });
    // A warning, and something that is no answer at all.
    server.answers.push((response) =>
      response
        .setHeader("content-type", "application/x-protobuf")
        .end(partialAnswer(path, 0, "hm")),
    );
    expect(await protobuf.report(batch, call())).toEqual({ rejected: 0, reason: "hm" });
    for (const body of ["<html>", "\x0a\xff\xff", "\x0a\x7f"]) {
      server.answers.push((response) => response.end(Buffer.from(body, "latin1")));
      expect(await protobuf.report(batch, call())).toEqual({ rejected: 0 });
    }
  });

  it("never shows a secret", async () => {
    const headers = { "Api-Key": SECRET, authorization: `Bearer ${SECRET}x` };
    const endpoint = `${server.url}/adapt_${SECRET}/api`;
    const echo = `key ${SECRET}, Bearer ${SECRET}x, /adapt_${SECRET}/api`;
    const bodies: [string, Buffer][] = [
      ["text/plain", Buffer.from(echo)],
      ["application/json", Buffer.from(JSON.stringify({ code: 3, message: echo }))],
      ["application/x-protobuf", statusOf(echo)],
    ];
    for (const [type, body] of bodies) {
      const reporter = await open({ endpoint, headers, ...metrics }, {});
      server.answers.push((response) =>
        response.writeHead(400, { "content-type": type }).end(body),
      );
      const error = (await reporter
        .report(batchOf({ points: POINTS }), call())
        .catch((error: unknown) => error)) as Error;
      expect(error).toBeInstanceOf(Reject);
      expect(error.message).toBe("HTTP status 400: key (hidden), (hidden), /(hidden)/api");
      expect(JSON.stringify([error, error.stack])).not.toContain(SECRET);
    }
    expect(server.got[0]).toMatchObject({
      path: `/adapt_${SECRET}/api/v1/metrics`,
      headers: { "api-key": SECRET, authorization: `Bearer ${SECRET}x` },
    });
  });

  it("never shows a name or a password of an address", async () => {
    const endpoint = server.url.replace("//", `//me:${SECRET}@`);
    const reporter = await open({ endpoint, ...metrics }, {});
    await reporter.report(batchOf({ points: POINTS }), call());
    const encoded = Buffer.from(`me:${SECRET}`).toString("base64");
    expect(server.got[0]?.headers.authorization).toBe(`Basic ${encoded}`);
    server.answers.push((response) => response.writeHead(401).end(`${SECRET} is wrong`));
    const report = reporter.report(batchOf({ points: POINTS }), call());
    await expect(report).rejects.toThrow("HTTP status 401: (hidden) is wrong");
    await server.close();
    const error = await open({ endpoint, ...metrics }, {})
      .then((other) => other.report(batchOf({ points: POINTS }), call()))
      .catch((one) => one);
    const shown = JSON.stringify([error, String(error), String(error.cause), error.stack]);
    expect(shown).not.toContain(SECRET);
    expect(error.cause.code).toMatch(/^(?:ECONNREFUSED|UND_ERR_SOCKET)$/);
  });

  it("is not waited for when time is up", async () => {
    const reporter = await open({ endpoint: server.url, ...metrics }, {});
    const abort = new AbortController();
    server.answers.push(() => abort.abort(new Error("time is up")));
    const report = reporter.report(batchOf({ points: POINTS }), call(abort.signal));
    await expect(report).rejects.toThrow("time is up");
  });

  it("is good by its status, whatever comes of the rest", async () => {
    const reporter = await open({ endpoint: server.url, ...metrics }, {});
    const batch = batchOf({ points: POINTS });
    // Parts that do not end.
    const abort = new AbortController();
    server.answers.push((response) => {
      response.write("x");
      setTimeout(() => abort.abort(new Error("time is up")), 50);
    });
    expect(await reporter.report(batch, call(abort.signal))).toEqual({ rejected: 0 });
    // It breaks off.
    server.answers.push((response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("x");
      setTimeout(() => response.destroy(), 20);
    });
    expect(await reporter.report(batchOf({ points: POINTS }), call())).toEqual({ rejected: 0 });
    // It is longer than anybody wants to read.
    let written = 0;
    server.answers.push((response) => {
      const chunk = Buffer.alloc(65_536, "x");
      const more = (): void => {
        while (!response.destroyed && written < 1e9) {
          written += chunk.length;
          if (!response.write(chunk)) return void response.once("drain", more);
        }
      };
      more();
    });
    expect(await reporter.report(batchOf({ points: POINTS }), call())).toEqual({ rejected: 0 });
    expect(written).toBeLessThan(1e8);
  });

  it("is left when it is that of a gateway ten times", async () => {
    const reporter = await open({ endpoint: server.url, ...metrics }, {});
    const failure = async (status: number, attempt: number): Promise<unknown> => {
      server.answers.push((response) => response.writeHead(status).end());
      const report = reporter.report(batchOf({ points: POINTS }), { ...call(), attempt });
      return (report as Promise<unknown>).catch((error: unknown) => error);
    };
    for (const status of [502, 504]) {
      expect(await failure(status, 9)).toBeInstanceOf(RetryLater);
      expect(await failure(status, 10)).toBeInstanceOf(Reject);
    }
    for (const status of [429, 503]) expect(await failure(status, 10)).toBeInstanceOf(RetryLater);
  });

  it("does not take headers elsewhere", async () => {
    const elsewhere = await httpServer();
    const reporter = await open({ endpoint: server.url, ...metrics }, {});
    server.answers.push((response) => response.writeHead(307, { location: elsewhere.url }).end());
    const report = reporter.report(batchOf({ points: POINTS }), call());
    await expect(report).rejects.toBeInstanceOf(Reject);
    expect(elsewhere.got).toEqual([]);
    await elsewhere.close();
  });
});

/** A `google.rpc.Status` with a code and a message. */
function statusOf(message: string): Buffer {
  const length =
    message.length < 128 ? [message.length] : [(message.length & 127) | 128, message.length >> 7];
  return Buffer.concat([Buffer.from([0x08, 3, 0x12, ...length]), Buffer.from(message)]);
}
