import { IncomingMessage, type ServerResponse } from "node:http";
import type { TLSSocket } from "node:tls";
import { redact, UNTRACED } from "@elpis/api";
import type { Attributes, Context, Span, TextMapPropagator, Tracer } from "@opentelemetry/api";
import type { RPCMetadata } from "@opentelemetry/core";
import type { HttpOptions } from "../options.ts";
import {
  defaultTextMapGetter,
  ROOT_CONTEXT,
  RPCType,
  SpanKind,
  SpanStatusCode,
  setRPCMetadata,
  suppressTracing,
  trace,
} from "../otel.ts";
import { isIgnoring, nameOfRequest, pathOf } from "./http-request.ts";

/** What traces requests needs. */
export interface HttpServerParts {
  readonly tracer: Tracer;
  readonly propagator: TextMapPropagator;
  readonly options: HttpOptions;
}

/** Makes the spans of requests, and the contexts in which they are answered. */
export class RequestTracer {
  readonly #tracer: Tracer;
  readonly #propagator: TextMapPropagator;
  readonly #fields: readonly string[];
  readonly #options: HttpOptions;

  constructor({ tracer, propagator, options }: HttpServerParts) {
    this.#tracer = tracer;
    this.#propagator = propagator;
    this.#fields = propagator.fields();
    this.#options = options;
  }

  /** The context in which a request is answered; undefined: it is none, whoever has made it. */
  begin(server: object, request: IncomingMessage, response: ServerResponse): Context | undefined {
    if (!(request instanceof IncomingMessage)) return undefined;
    if ((server as { [UNTRACED]?: boolean })[UNTRACED] === true || this.#isIgnored(request)) {
      return suppressTracing(ROOT_CONTEXT);
    }
    const outer = this.#outer(request);
    const span = this.#tracer.startSpan(request.method ?? "GET", { kind: SpanKind.SERVER }, outer);
    const inner = trace.setSpan(outer, span);
    if (!span.isRecording()) return inner;
    const rpc: RPCMetadata = { type: RPCType.HTTP, span };
    this.#follow(span, rpc, request, response);
    return setRPCMetadata(inner, rpc);
  }

  #isIgnored(request: IncomingMessage): boolean {
    const { ignore } = this.#options;
    return ignore !== undefined && isIgnoring(ignore, request);
  }

  #outer(request: IncomingMessage): Context {
    const { headers = {} } = request;
    return this.#fields.some((field) => headers[field] !== undefined)
      ? this.#propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter)
      : ROOT_CONTEXT;
  }

  #follow(span: Span, rpc: RPCMetadata, request: IncomingMessage, response: ServerResponse): void {
    // Frameworks change it.
    const path = request.url ?? "/";
    span.updateName(nameOfRequest(this.#options, request, path));
    span.setAttributes(this.#attributesOf(request, path));
    let isOver = false;
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      const { statusCode } = response;
      span.setAttribute("http.response.status_code", statusCode);
      if (rpc.route !== undefined) {
        span.setAttribute("http.route", rpc.route);
        if (this.#options.name === undefined) span.updateName(`${request.method} ${rpc.route}`);
      }
      span.setAttributes(this.#headers("response", (name) => response.getHeader(name)));
      if (!response.writableFinished) {
        span.setAttribute("error.type", "client_aborted");
        span.setStatus({
          code: SpanStatusCode.ERROR,
          message: "the client went away before it had the answer",
        });
      } else if (statusCode >= 500) {
        span.setAttribute("error.type", String(statusCode));
        span.setStatus({ code: SpanStatusCode.ERROR });
      }
      span.end();
    };
    response.once("close", end);
    // The answer to one that waits behind others on its connection is never told of its end.
    request.once("close", () => {
      if ((request.socket as TLSSocket | undefined)?.destroyed !== false) end();
    });
  }

  #attributesOf(request: IncomingMessage, url: string): Attributes {
    const { headers = {}, httpVersion = "1.1", method = "GET" } = request;
    const socket = request.socket as TLSSocket | undefined;
    const attributes: Attributes = {
      "http.request.method": method,
      "url.path": pathOf(url),
      "url.scheme": socket?.encrypted === true ? "https" : "http",
      "network.protocol.version": httpVersion,
    };
    const { host, "user-agent": agent } = headers;
    if (host !== undefined) {
      const [, name = host, port] = /^(.*?)(?::(\d+))?$/.exec(host) ?? [];
      attributes["server.address"] = name;
      if (port !== undefined) attributes["server.port"] = Number(port);
    }
    const client = socket?.remoteAddress;
    if (client !== undefined) attributes["client.address"] = client;
    if (agent !== undefined) attributes["user_agent.original"] = agent.slice(0, 200);
    if (this.#options.query === true && url.includes("?")) {
      attributes["url.query"] = String(redact(url.slice(url.indexOf("?")))).slice(1);
    }
    return { ...attributes, ...this.#headers("request", (name) => headers[name.toLowerCase()]) };
  }

  #headers(kind: "request" | "response", read: (name: string) => unknown): Attributes {
    const attributes: Attributes = {};
    for (const name of this.#options.headers ?? []) {
      const value = read(name);
      if (value === undefined) continue;
      const key = `http.${kind}.header.${name.toLowerCase()}`;
      attributes[key] = String(redact(String(value), name));
    }
    return attributes;
  }
}
