import type { IncomingMessage, ServerResponse } from "node:http";
import type { TLSSocket } from "node:tls";
import { redact, UNTRACED } from "@elpis/api";
import type {
  Attributes,
  Context,
  Span,
  SpanOptions,
  TextMapPropagator,
  Tracer,
} from "@opentelemetry/api";
import type { RPCMetadata } from "@opentelemetry/core";
import type { HttpOptions } from "../options.ts";
import {
  defaultTextMapGetter,
  ROOT_CONTEXT,
  RPCType,
  SpanKind,
  SpanStatusCode,
  suppressTracing,
} from "../otel.ts";
import type { Contexts } from "../spans/contexts.ts";
import { TraceContext } from "../spans/trace-context.ts";
import { headersIn, hostOf, isIgnoring, nameOfRequest, pathOf } from "./http-request.ts";

/** What traces requests needs. */
export interface HttpServerParts {
  readonly tracer: Tracer;
  readonly propagator: TextMapPropagator;
  readonly options: HttpOptions;
  readonly contexts: Contexts;
}

/** What is known of a request. */
export interface Followed {
  /** In which it is answered. */
  readonly context: Context;
  /** The request is closed, or the answer to it. */
  closed(message: object): void;
}

/** What nothing of is to be traced. */
const SILENT: Followed = { context: suppressTracing(ROOT_CONTEXT), closed: () => {} };
const OPTIONS: SpanOptions = { kind: SpanKind.SERVER };
const MAX_AGENT = 200;

/** Makes the spans of requests, and the contexts in which they are answered. */
export class RequestTracer {
  readonly #tracer: Tracer;
  readonly #propagator: TextMapPropagator;
  readonly #wanted: readonly string[];
  readonly #options: HttpOptions;
  readonly #contexts: Contexts;

  constructor({ tracer, propagator, options, contexts }: HttpServerParts) {
    this.#contexts = contexts;
    this.#tracer = tracer;
    this.#propagator = propagator;
    this.#wanted = propagator.fields();
    this.#options = options;
  }

  /** Undefined: it has no context of its own. */
  begin(server: object, request: IncomingMessage, response: ServerResponse): Followed | undefined {
    if ((server as { [UNTRACED]?: boolean })[UNTRACED] === true || this.#isIgnored(request)) {
      return this.#contexts.isFrugal ? this.#pass() : SILENT;
    }
    const isAsked = headersIn(request, this.#wanted);
    const outer = isAsked
      ? this.#propagator.extract(ROOT_CONTEXT, request.headers, defaultTextMapGetter)
      : ROOT_CONTEXT;
    const span = this.#tracer.startSpan(request.method ?? "GET", OPTIONS, outer);
    if (!span.isRecording()) {
      if (!isAsked && this.#contexts.isFrugal) return this.#pass();
      this.#contexts.hold();
      const context = new TraceContext(span, undefined, outer);
      return new OpenRequest(request, response, context, () => this.#contexts.release());
    }
    const rpc: RPCMetadata = { type: RPCType.HTTP, span };
    // Frameworks change it.
    const path = request.url ?? "/";
    span.updateName(nameOfRequest(this.#options, request, path));
    span.setAttributes(this.#attributesOf(request, path));
    const context = new TraceContext(span, rpc, outer);
    return new OpenRequest(request, response, context, () =>
      this.#end(span, rpc, request, response),
    );
  }

  #isIgnored(request: IncomingMessage): boolean {
    const { ignore } = this.#options;
    return ignore !== undefined && isIgnoring(ignore, request);
  }

  #pass(): undefined {
    this.#contexts.pass();
    return undefined;
  }

  #end(span: Span, rpc: RPCMetadata, request: IncomingMessage, response: ServerResponse): void {
    const { statusCode } = response;
    span.setAttribute("http.response.status_code", statusCode);
    if (rpc.route !== undefined) {
      span.setAttribute("http.route", rpc.route);
      if (this.#options.name === undefined) span.updateName(`${request.method} ${rpc.route}`);
    }
    if (this.#options.headers !== undefined) {
      span.setAttributes(this.#headers("response", (name) => response.getHeader(name)));
    }
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
      const { name, port } = hostOf(host);
      attributes["server.address"] = name;
      if (port !== undefined) attributes["server.port"] = port;
    }
    const client = socket?.remoteAddress;
    if (client !== undefined) attributes["client.address"] = client;
    if (agent !== undefined) attributes["user_agent.original"] = agent.slice(0, MAX_AGENT);
    if (this.#options.query === true && url.includes("?")) {
      attributes["url.query"] = String(redact(url.slice(url.indexOf("?")))).slice(1);
    }
    if (this.#options.headers === undefined) return attributes;
    return Object.assign(
      attributes,
      this.#headers("request", (name) => headers[name.toLowerCase()]),
    );
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

/** A request that has not been answered. */
class OpenRequest implements Followed {
  readonly context: Context;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  #over: (() => void) | undefined;

  /** @param over called once, when it has been answered or never will be */
  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    context: Context,
    over: () => void,
  ) {
    this.#request = request;
    this.#response = response;
    this.context = context;
    this.#over = over;
  }

  closed(message: object): void {
    const over = this.#over;
    if (over === undefined) return;
    // The answer to one that waits behind others on its connection is never told of its end.
    const isGone = (this.#request.socket as TLSSocket | undefined)?.destroyed !== false;
    if (message !== this.#response && !isGone) return;
    this.#over = undefined;
    over();
  }
}
