import { Reject, type Reporter, RetryLater, TooLarge } from "@elpis/api";
import snappy from "snappyjs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { open as openGateway } from "../src/pushgateway/open.ts";
import { encodeRequest } from "../src/remote-write/encode.ts";
import { open as openRemoteWrite } from "../src/remote-write/open.ts";
import { type HttpServer, httpServer } from "./support/http-server.ts";
import { batchOf, call, POINTS } from "./support/samples.ts";

const SECRET = "s3cr3t-0123456789";
const BASIC = Buffer.from(`me:${SECRET}`).toString("base64");

let server: HttpServer;
beforeEach(async () => {
  server = await httpServer();
});
afterEach(() => server.close());

describe.each([
  ["remote write", openRemoteWrite],
  ["a Pushgateway", openGateway],
] as const)("what is answered to %s", (name, open) => {
  const batch = batchOf({ points: POINTS });
  const failure = (reporter: Reporter): Promise<Error> =>
    reporter.report(batch, call()).then(
      () => new Error("it was taken"),
      (error: Error) => error,
    );

  it("is told to the host", async () => {
    const reporter = open({ url: server.url });
    const after = (status: number, headers = {}): Promise<Error> => {
      server.answers.push((response) => response.writeHead(status, headers).end());
      return failure(reporter);
    };
    expect(await after(429, { "retry-after": "20" })).toMatchObject({
      details: { afterMs: 20_000 },
    });
    expect(await after(503)).toBeInstanceOf(RetryLater);
    expect(await after(400)).toBeInstanceOf(Reject);
    expect(await after(302, { location: "http://127.0.0.1:9/" })).toBeInstanceOf(Reject);
    expect(await after(413)).toBeInstanceOf(name === "remote write" ? TooLarge : Reject);
    expect(server.got).toHaveLength(5);
  });

  it("never shows a secret", async () => {
    const ways = [
      { url: server.url, bearerToken: `${SECRET}\n` },
      { url: server.url, basicAuth: { username: "me", password: SECRET } },
      { url: server.url.replace("//", `//me:${SECRET}@`) },
      { url: server.url, headers: { "X-Key": SECRET } },
      // What stands behind the scheme is the secret, wherever it is said, and a backend repeats it alone.
      { url: server.url, headers: { Authorization: `Bearer ${SECRET}` } },
      {
        url: server.url,
        headers: { authorization: `bearer  ${SECRET}` },
        bearerToken: "another-one",
      },
      { url: server.url, headers: { "Proxy-Authorization": `Basic ${BASIC}` } },
      { url: `${server.url}/?key=${SECRET}` },
    ];
    for (const options of ways) {
      const reporter = open(options);
      server.answers.push((response) => {
        const { headers, path } = server.got.at(-1) as (typeof server.got)[0];
        const said = headers.authorization ?? headers["proxy-authorization"] ?? "";
        const credentials = said.split(" ").at(-1);
        response.writeHead(401).end(JSON.stringify([SECRET, credentials, headers, path]));
      });
      const error = await failure(reporter);
      expect(error).toBeInstanceOf(Reject);
      expect(JSON.stringify([error, error.message, error.stack])).not.toContain(BASIC);
      expect(JSON.stringify([error, error.message, error.stack])).not.toContain(SECRET);
    }
    const sent = server.got.map(({ headers }) => headers.authorization ?? headers["x-key"]);
    const basic = `Basic ${BASIC}`;
    expect(sent).toEqual([
      ...[`Bearer ${SECRET}`, basic, basic, SECRET],
      ...[`Bearer ${SECRET}`, `bearer  ${SECRET}`, undefined, undefined],
    ]);
    await server.close();
    for (const options of ways) {
      const error = await failure(open(options));
      // The first may still find a connection of before.
      expect((error.cause as { code: string }).code).toMatch(/^(?:ECONNREFUSED|UND_ERR_SOCKET)$/);
      const shown = JSON.stringify([error, error.message, error.stack, String(error.cause)]);
      expect(shown).not.toContain(SECRET);
    }
  });

  it("is not waited for when time is up", async () => {
    const reporter = open({ url: server.url });
    const abort = new AbortController();
    server.answers.push(() => abort.abort(new Error("time is up")));
    const report = reporter.report(batch, call(abort.signal));
    await expect(report).rejects.toThrow("time is up");
  });

  it("is nothing when nothing was asked", async () => {
    const reporter = open({ url: server.url, headers: { "x-scope-orgid": "a" } });
    expect(await reporter.report(batchOf({}), call())).toEqual({ rejected: 0 });
    expect(server.got).toEqual([]);
    const points = POINTS.slice(0, 1).map((one) => ({ ...one, temporality: "delta" }) as never);
    expect(await reporter.report(batchOf({ points }), call())).toMatchObject({ rejected: 1 });
    expect(server.got).toEqual([]);
    await reporter.close?.();
    await reporter.close?.();
  });
});

describe("a request of remote write", () => {
  it("is as the protocol wants it", async () => {
    const reporter = openRemoteWrite({ url: `${server.url}/api/v1/write` });
    await reporter.report(batchOf({ points: POINTS.slice(3, 4) }), call());
    expect(server.got).toMatchObject([
      {
        ...{ method: "POST", path: "/api/v1/write" },
        headers: {
          ...{ "content-type": "application/x-protobuf", "content-encoding": "snappy" },
          "x-prometheus-remote-write-version": "0.1.0",
        },
      },
    ]);
    const text = snappy.uncompress(server.got[0]?.body as Buffer).toString("latin1");
    // Sorted by name.
    const at = ["__name__", "app", "instance", "job", "process"].map((name) => text.indexOf(name));
    expect(at).toEqual([...at].sort((a, b) => a - b));
    expect(at[0]).toBeGreaterThan(0);
  });

  it("has the bytes that protoc makes of it", () => {
    const bytes = encodeRequest({
      series: [
        {
          labels: [
            ["__name__", "a"],
            ["b", "ü".repeat(70)],
          ],
          samples: [{ value: -1.5, time: 1_790_000_000_123 }],
        },
      ],
      families: [{ name: "a", type: "histogram", help: "h", unit: "s" }],
    });
    expect(bytes.toString("hex")).toBe(
      `0ab6010a0d0a085f5f6e616d655f5f1201610a92010a0162128c01${"c3bc".repeat(70)}121009000000000000f8bf10fbd8c1a28c341a0b08031201612201682a0173`,
    );
  });
});
