import { once } from "node:events";
import net from "node:net";
import { Reject, type Reporter, RetryLater, TooLarge } from "@elpis/api";
import * as grpc from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { open } from "../src/open.ts";
import { targetOf } from "../src/send/grpc.ts";
import { decodeRequest, partialAnswer } from "./support/protos.ts";
import { batchOf, call, ERRORS, POINTS, SPANS } from "./support/samples.ts";

const PATHS: Readonly<Record<string, string>> = {
  "metrics.v1.MetricsService": "/v1/metrics",
  "trace.v1.TraceService": "/v1/traces",
  "logs.v1.LogsService": "/v1/logs",
};
type Answer = (done: grpc.sendUnaryData<Uint8Array>, call: { cancelled: boolean }) => void;

let server: grpc.Server;
let endpoint: string;
let reporter: Reporter;
const got: { path: string; request: object; metadata: grpc.Metadata }[] = [];
const answers: Answer[] = [];

beforeEach(async () => {
  got.length = 0;
  answers.length = 0;
  server = new grpc.Server();
  const plain = (bytes: Buffer): Buffer => bytes;
  for (const [service, path] of Object.entries(PATHS)) {
    const definition = {
      Export: {
        path: `/opentelemetry.proto.collector.${service}/Export`,
        ...{ requestStream: false, responseStream: false },
        ...{ requestSerialize: plain, requestDeserialize: plain },
        ...{ responseSerialize: plain, responseDeserialize: plain },
      },
    };
    server.addService(definition, {
      Export: (
        call: grpc.ServerUnaryCall<Buffer, Uint8Array>,
        done: grpc.sendUnaryData<Uint8Array>,
      ) => {
        const { metadata } = call;
        got.push({ path, request: decodeRequest(path, call.request), metadata });
        const answer = answers.shift();
        if (answer === undefined) done(null, Buffer.alloc(0));
        else answer(done, call);
      },
    });
  }
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    ),
  );
  endpoint = `http://127.0.0.1:${port}`;
  reporter = await open({ endpoint, protocol: "grpc", headers: { "Api-Key": "secret-key" } }, {});
});
afterEach(async () => {
  await reporter.close?.();
  await reporter.close?.();
  server.forceShutdown();
});

describe("gRPC", () => {
  it("takes all signals", async () => {
    const batch = batchOf({ points: POINTS, spans: SPANS, errors: ERRORS });
    expect(await reporter.report(batch, call())).toEqual({ rejected: 0 });
    expect(got.map(({ path }) => path)).toEqual(["/v1/metrics", "/v1/traces", "/v1/logs"]);
    expect(got[0]?.metadata.get("api-key")).toEqual(["secret-key"]);
    expect(got[0]?.metadata.get("user-agent")[0]).toMatch(/^elpis-reporter-otlp /);
    expect(got[1]?.request).toMatchObject({
      resourceSpans: [{ scopeSpans: [{ spans: [{ spanId: "b7ad6b7169203331" }] }] }],
    });
  });

  it("compresses", async () => {
    const gzip = await open({ endpoint, protocol: "grpc", compression: "gzip" }, {});
    await gzip.report(batchOf({ points: POINTS }), call());
    expect(got[0]?.request).toMatchObject({ resourceMetrics: [{ scopeMetrics: [{}, {}] }] });
    await gzip.close?.();
  });

  it("shows what was not taken", async () => {
    answers.push((done) => done(null, partialAnswer("/v1/metrics", 3, "not secret-key")));
    expect(await reporter.report(batchOf({ points: POINTS }), call())).toEqual({
      ...{ rejected: 3, reason: "not (hidden)" },
    });
  });

  it("says what becomes of a batch", async () => {
    const { status, Metadata } = grpc;
    const failure = async (error: Partial<grpc.ServiceError>): Promise<unknown> => {
      answers.push((done) => done(error));
      const report = reporter.report(batchOf({ points: POINTS }), call());
      return report.catch((error: unknown) => error);
    };
    for (const code of [status.UNAVAILABLE, status.ABORTED, status.DATA_LOSS]) {
      expect(await failure({ code, details: "later" })).toBeInstanceOf(RetryLater);
    }
    for (const code of [status.INVALID_ARGUMENT, status.UNAUTHENTICATED, status.UNIMPLEMENTED]) {
      const error = (await failure({ code, details: "not secret-key" })) as Error;
      expect(error).toBeInstanceOf(Reject);
      expect(error.message).toBe(`gRPC status ${code}: not (hidden)`);
    }
    const code = status.RESOURCE_EXHAUSTED;
    expect(await failure({ code, details: "quota" })).toBeInstanceOf(Reject);
    const details = "Received message larger than max (10 vs 5)";
    expect(await failure({ code, details })).toBeInstanceOf(TooLarge);
    const metadata = new Metadata();
    metadata.set("grpc-status-details-bin", retryInfo(20, 500_000_000));
    expect(await failure({ code, details: "quota", metadata })).toMatchObject({
      ...{ code: "ELPIS_REPORTER_RETRY_LATER", details: { afterMs: 20_500 } },
    });
    // Others stand before it and behind it.
    const other = detailOf("type.googleapis.com/google.rpc.ErrorInfo", Buffer.from([0x0a, 1, 65]));
    const several = Buffer.concat([retryInfo(3, 0), other]);
    metadata.set("grpc-status-details-bin", several);
    expect(await failure({ code, details: "quota", metadata })).toMatchObject({
      details: { afterMs: 3000 },
    });
  });

  it("is too large for a server that takes less", async () => {
    const small = await open({ endpoint, protocol: "grpc" }, {});
    const tags = { text: "x".repeat(5_000_000) };
    const points = POINTS.slice(0, 1).map((point) => ({ ...point, tags }));
    await expect(small.report(batchOf({ points }), call())).rejects.toBeInstanceOf(TooLarge);
    await small.close?.();
  });

  it("is not waited for when time is up", async () => {
    const abort = new AbortController();
    answers.push(() => abort.abort(new Error("time is up")));
    const report = reporter.report(batchOf({ points: POINTS }), call(abort.signal));
    await expect(report).rejects.toThrow("time is up");
  });

  it("does not say that a batch was not taken when nobody knows", async () => {
    for (const code of [grpc.status.DEADLINE_EXCEEDED, grpc.status.CANCELLED]) {
      answers.push((done) => done({ code, details: "not secret-key" }));
      const report = reporter.report(batchOf({ points: POINTS }), call());
      await expect(report).rejects.toMatchObject({
        ...{ name: "TimeoutError", code: "ETIMEDOUT" },
        message: `gRPC status ${code}: not (hidden)`,
      });
    }
    // Its own deadline is later than that of the host.
    const abort = new AbortController();
    answers.push(() => setTimeout(() => abort.abort(new Error("time is up")), 50));
    const soon = { ...call(abort.signal), deadline: Date.now() - 10 };
    const late = reporter.report(batchOf({ points: POINTS }), soon);
    await expect(late).rejects.toThrow("time is up");
  });

  it("leaves a connection from which nothing comes any longer", async () => {
    const { port } = new URL(endpoint);
    let isDead = false;
    let connections = 0;
    const proxy = net.createServer((socket) => {
      connections++;
      const isFirst = connections === 1;
      const upstream = net.connect(Number(port), "127.0.0.1");
      const other = (to: net.Socket) => (chunk: Buffer) => {
        if (!(isDead && isFirst)) to.write(chunk);
      };
      socket.on("data", other(upstream)).on("error", () => {});
      upstream.on("data", other(socket)).on("error", () => {});
      socket.on("close", () => upstream.destroy());
      upstream.on("close", () => socket.destroy());
    });
    proxy.listen(0, "127.0.0.1");
    await once(proxy, "listening");
    const through = `http://127.0.0.1:${(proxy.address() as net.AddressInfo).port}`;
    const other = await open({ endpoint: through, protocol: "grpc", signals: ["metrics"] }, {});
    const report = (signal?: AbortSignal): unknown =>
      other.report(batchOf({ points: POINTS }), call(signal));
    try {
      await report();
      isDead = true;
      await expect(report(AbortSignal.timeout(100))).rejects.toThrow();
      expect(await report(AbortSignal.timeout(5000))).toEqual({ rejected: 0 });
      expect(connections).toBe(2);
    } finally {
      await other.close?.();
      proxy.close();
    }
    await expect(report()).rejects.toBeInstanceOf(Reject);
  });

  it("goes to the port that is said, also to the usual one", () => {
    const address = (url: string): string => targetOf(url).address;
    expect(address("http://otlp.example:80")).toBe("otlp.example:80");
    expect(address("https://otlp.example:443/x")).toBe("otlp.example:443");
    expect(address("http://[::1]:4317")).toBe("[::1]:4317");
    expect(targetOf("https://otlp.example:4317")).toEqual({
      ...{ address: "otlp.example:4317", isSecure: true },
    });
  });

  it("says what is missing when its package is not installed", async () => {
    vi.doMock("@grpc/grpc-js", () => {
      throw new Error("Cannot find package");
    });
    try {
      await expect(open({ protocol: "grpc" }, {})).rejects.toMatchObject({
        code: "ELPIS_REPORTER_NO_GRPC",
      });
    } finally {
      vi.doUnmock("@grpc/grpc-js");
    }
  });

  it("that cannot be reached is tried again", async () => {
    server.forceShutdown();
    const report = reporter.report(batchOf({ points: POINTS }), call());
    await expect(report).rejects.toBeInstanceOf(RetryLater);
  });
});

/** A `google.rpc.Status` with a `RetryInfo`. */
function retryInfo(seconds: number, nanos: number): Buffer {
  const varint = (value: number): number[] =>
    value < 128 ? [value] : [(value & 127) | 128, ...varint(Math.floor(value / 128))];
  const delay = Buffer.from([0x08, ...varint(seconds), 0x10, ...varint(nanos)]);
  const detail = detailOf("type.googleapis.com/google.rpc.RetryInfo", fieldOf(1, delay));
  return Buffer.concat([Buffer.from([0x08, 8]), detail]);
}

/** One detail of a `google.rpc.Status`. */
function detailOf(type: string, value: Buffer): Buffer {
  return fieldOf(3, Buffer.concat([fieldOf(1, Buffer.from(type)), fieldOf(2, value)]));
}

function fieldOf(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([number * 8 + 2, bytes.length]), bytes]);
}
