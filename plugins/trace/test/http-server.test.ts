import { once } from "node:events";
import http, { type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { type AddressInfo, connect, Socket } from "node:net";
import { UNTRACED } from "@elpis/api";
import { context, type Span, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  getRPCMetadata,
  isTracingSuppressed,
  W3CTraceContextPropagator,
} from "@opentelemetry/core";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  type Sampler,
  SamplingDecision,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { HttpOptions } from "../src/options.ts";
import { traceServers } from "../src/process/http-server.ts";
import { Contexts } from "../src/spans/contexts.ts";

const exporter = new InMemorySpanExporter();
const offs: Array<() => void> = [];
let decision = SamplingDecision.RECORD_AND_SAMPLED;
const sampler: Sampler = { shouldSample: () => ({ decision }), toString: () => "test" };

beforeEach(() => {
  decision = SamplingDecision.RECORD_AND_SAMPLED;
  exporter.reset();
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
});
afterEach(() => {
  for (const off of offs.splice(0)) off();
  context.disable();
});

async function serve(listener: RequestListener, options: HttpOptions = {}): Promise<http.Server> {
  const provider = new BasicTracerProvider({
    sampler,
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  });
  const tracer = provider.getTracer("test");
  const propagator = new W3CTraceContextPropagator();
  offs.push(traceServers({ tracer, propagator, options, contexts: new Contexts(false) }));
  const server = http.createServer(listener).listen(0, "127.0.0.1");
  offs.push(() => server.close());
  offs.push(() => server.closeAllConnections());
  await once(server, "listening");
  return server;
}

const urlOf = (server: http.Server, path: string): string =>
  `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;

/** Spans are over when the answer has left, which whoever asked may know before. */
async function spans(count: number): Promise<ReadableSpan[]> {
  await expect.poll(() => exporter.getFinishedSpans().length).toBe(count);
  return exporter.getFinishedSpans();
}

const activeId = (): string | undefined => trace.getSpanContext(context.active())?.spanId;

describe("requests to a server", () => {
  test("are spans, with what is known of them", async () => {
    const server = await serve((_, response) => response.end("ok"));
    await (await fetch(urlOf(server, "/orders/42?token=x"))).text();
    const [span] = await spans(1);
    expect(span?.name).toBe("GET /orders/:id");
    expect(span?.attributes).toMatchObject({
      "http.request.method": "GET",
      "url.path": "/orders/42",
      "url.scheme": "http",
      "http.response.status_code": 200,
    });
    expect(span?.attributes).not.toHaveProperty("url.query");
    expect(span?.status.code).toBe(0);
  });

  test("go on from what the caller says, and are called after their route", async () => {
    const server = await serve((_, response) => {
      const rpc = getRPCMetadata(context.active());
      if (rpc !== undefined) rpc.route = "/orders/:id";
      response.end();
    });
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    await fetch(urlOf(server, "/orders/42"), { headers: { traceparent } });
    const [span] = await spans(1);
    expect(span?.name).toBe("GET /orders/:id");
    expect(span?.spanContext().traceId).toBe("0af7651916cd43dd8448eb211c80319c");
    expect(span?.parentSpanContext?.spanId).toBe("b7ad6b7169203331");
    expect(span?.attributes["http.route"]).toBe("/orders/:id");
  });

  test("that fail, and those whose client goes away, are errors", async () => {
    let seen = (): void => {};
    const isSeen = new Promise<void>((resolve) => {
      seen = resolve;
    });
    const server = await serve((request, response) => {
      if (request.url === "/never") return seen();
      response.statusCode = request.url === "/fail" ? 503 : 404;
      response.end();
    });
    await fetch(urlOf(server, "/fail"));
    await fetch(urlOf(server, "/missing"));
    const { port } = server.address() as AddressInfo;
    const socket = connect(port, "127.0.0.1");
    socket.write("GET /never HTTP/1.1\r\nhost: x\r\n\r\n");
    await isSeen;
    socket.destroy();
    const found = await spans(3);
    const of = (path: string): unknown[] =>
      found
        .filter(({ attributes }) => attributes["url.path"] === path)
        .map(({ status, attributes }) => [status.code, attributes["error.type"]]);
    expect(of("/fail")).toEqual([[2, "503"]]);
    expect(of("/missing")).toEqual([[0, undefined]]);
    expect(of("/never")).toEqual([[2, "client_aborted"]]);
  });

  test("have their own context, also where a body comes later and over one connection", async () => {
    const seen: Array<readonly [string, string | undefined, string | undefined]> = [];
    const server = await serve((request: IncomingMessage, response: ServerResponse) => {
      const first = activeId();
      request.on("data", () => {});
      request.on("end", () => {
        seen.push([request.url ?? "", first, activeId()]);
        setImmediate(() => response.end());
      });
    });
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    const head = (path: string): string =>
      `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\n`;
    socket.write(`${head("/a")}12`);
    await once(server, "request");
    // The end of one, and the whole of the next.
    socket.write(`34${head("/b")}1234`);
    socket.resume();
    await spans(2);
    socket.destroy();
    expect(seen.map(([path]) => path)).toEqual(["/a", "/b"]);
    for (const [, first, last] of seen) {
      expect(first).toBeDefined();
      expect(last).toBe(first);
    }
    expect(seen[0]?.[1]).not.toBe(seen[1]?.[1]);
  });

  test("that are to be ignored leave no trace, nor does anything that is done for them", async () => {
    const suppressed: boolean[] = [];
    const listener: RequestListener = (_, response) => {
      suppressed.push(isTracingSuppressed(context.active()));
      response.end();
    };
    const server = await serve(listener, { ignore: ["/health", /\.png$/] });
    for (const path of ["/health", "/health/live", "/a.png", "/healthy"]) {
      await fetch(urlOf(server, path));
    }
    const [span] = await spans(1);
    expect(span?.attributes["url.path"]).toBe("/healthy");
    expect(suppressed).toEqual([true, true, true, false]);
    Object.assign(server, { [UNTRACED]: true });
    await fetch(urlOf(server, "/"));
    expect(suppressed.at(-1)).toBe(true);
  });

  test("that are not recorded have ids all the same", async () => {
    decision = SamplingDecision.NOT_RECORD;
    let active: Span | undefined;
    const server = await serve((_, response) => {
      active = trace.getActiveSpan();
      response.end();
    });
    await fetch(urlOf(server, "/"));
    expect(active?.spanContext().traceFlags).toBe(0);
    expect(active?.isRecording()).toBe(false);
    expect(exporter.getFinishedSpans()).toEqual([]);
  });

  test("tell headers and query only where they are asked for, and no secrets", async () => {
    const server = await serve((_, response) => response.setHeader("x-kind", "tea").end(), {
      query: true,
      headers: ["X-Kind", "authorization"],
      name: () => {
        throw new Error("the application's own");
      },
    });
    await fetch(urlOf(server, "/?a=1&token=geheim"), { headers: { authorization: "geheim" } });
    const [span] = await spans(1);
    expect(span?.attributes["url.query"]).toMatch(/^a=1&token=/);
    expect(span?.attributes["http.response.header.x-kind"]).toBe("tea");
    expect(JSON.stringify(span?.attributes)).not.toContain("geheim");
    expect(span?.name).toBe("GET /");
  });

  test("that wait behind one that is never answered are over when their connection is", async () => {
    let asked = 0;
    const server = await serve((request, response) => {
      asked += 1;
      if (request.url !== "/never") response.end();
    });
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    const get = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`;
    socket.write(get("/never") + get("/a").repeat(5));
    await expect.poll(() => asked).toBe(6);
    socket.destroy();
    expect(await spans(6)).toHaveLength(6);
  });

  test("that only look like one are answered as ever", async () => {
    let answered = 0;
    const server = await serve(() => {
      answered += 1;
    });
    server.emit("request", { url: "/fake" }, {});
    server.emit("request", new http.IncomingMessage(new Socket()));
    server.emit("request");
    expect(answered).toBe(3);
  });

  test("are let go of when the plugin ends", async () => {
    const kinds = [http.Server, http.IncomingMessage, http.ServerResponse];
    const before = kinds.map(({ prototype }) => prototype.emit);
    const server = await serve((_, response) => response.end());
    for (const off of offs.splice(0, 1)) off();
    expect(kinds.map(({ prototype }) => prototype.emit)).toEqual(before);
    await fetch(urlOf(server, "/"));
    expect(exporter.getFinishedSpans()).toEqual([]);
  });
});
