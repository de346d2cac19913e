import { Reject, type Reporter, RetryLater, TooLarge } from "@elpis/api";
import * as grpc from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { open } from "../src/open.ts";
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
  const field = (number: number, bytes: Buffer): Buffer =>
    Buffer.concat([Buffer.from([number * 8 + 2, bytes.length]), bytes]);
  const varint = (value: number): number[] =>
    value < 128 ? [value] : [(value & 127) | 128, ...varint(Math.floor(value / 128))];
  const delay = Buffer.from([0x08, ...varint(seconds), 0x10, ...varint(nanos)]);
  const type = Buffer.from("type.googleapis.com/google.rpc.RetryInfo");
  const any = Buffer.concat([field(1, type), field(2, field(1, delay))]);
  return Buffer.concat([Buffer.from([0x08, 8]), field(3, any)]);
}
