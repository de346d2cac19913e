import http, { type IncomingMessage, type ServerResponse } from "node:http";
import https from "node:https";
import type { TLSSocket } from "node:tls";
import { redact, UNTRACED } from "@elpis/api";
import type { Attributes, Context, Span, TextMapPropagator, Tracer } from "@opentelemetry/api";
import type { RPCMetadata } from "@opentelemetry/core";
import type { HttpOptions } from "../options.ts";
import {
  context,
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

type Emit = (this: object, event: string, ...args: unknown[]) => boolean;

/** In which context what a request or an answer tells is heard; that it is there says that the request was seen. */
const CONTEXT: unique symbol = Symbol("elpis.trace.context");
type Message = (IncomingMessage | ServerResponse) & { [CONTEXT]?: Context };

/** What traces requests needs. */
export interface HttpServerParts {
  readonly tracer: Tracer;
  readonly propagator: TextMapPropagator;
  readonly options: HttpOptions;
}

/**
 * Makes a span of each request that a server of Node's `http` or `https` answers. It is done where a server tells of a request and not
 * by hooks of modules, so it is the same for every way in which a server is imported, and costs little where nothing is recorded.
 *
 * @returns what ends it
 */
export function traceServers(parts: HttpServerParts): () => void {
  const tracer = new RequestTracer(parts);
  const servers = [http.Server.prototype, https.Server.prototype].map((prototype) =>
    wrapEmit(prototype, (emit) => tellRequest(tracer, emit)),
  );
  const messages = [http.IncomingMessage.prototype, http.ServerResponse.prototype].map(
    (prototype) => wrapEmit(prototype, tellInContext),
  );
  return () => {
    for (const end of [...servers, ...messages]) end();
  };
}

function wrapEmit(prototype: NodeJS.EventEmitter, wrap: (emit: Emit) => Emit): () => void {
  const hasOwn = Object.hasOwn(prototype, "emit");
  const own = prototype.emit as unknown as Emit;
  // Somebody may change it further up later, as `node:domain` does.
  const emit: Emit = hasOwn
    ? own
    : function (event, ...args) {
        return Object.getPrototypeOf(prototype).emit.call(this, event, ...args);
      };
  const wrapped = wrap(emit);
  Object.defineProperty(prototype, "emit", {
    value: wrapped,
    configurable: true,
    writable: true,
    enumerable: true,
  });
  return () => {
    // Who has wrapped it once more goes on through here.
    if ((prototype.emit as unknown) !== wrapped) return;
    if (hasOwn) prototype.emit = own as never;
    else delete (prototype as { emit?: unknown }).emit;
  };
}

function tellRequest(tracer: RequestTracer, emit: Emit): Emit {
  return function (event, ...args) {
    if (event !== "request") return emit.call(this, event, ...args);
    const [request, response] = args as [IncomingMessage, ServerResponse];
    return tracer.around(this, request, response, emit);
  };
}

/** What comes of a body, and when an answer has left, is told by the socket, which belongs to no request. */
function tellInContext(emit: Emit): Emit {
  return function (this: Message & { _events?: Record<string, unknown> }, event, ...args) {
    const inner = this[CONTEXT];
    // Most of what is told nobody listens to.
    if (inner === undefined || this._events?.[event] === undefined) {
      return emit.call(this, event, ...args);
    }
    return context.with(inner, emit as never, this as never, event as never, ...(args as never[]));
  } as Emit;
}

class RequestTracer {
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

  around(
    server: object,
    request: Message & IncomingMessage,
    response: Message & ServerResponse,
    emit: Emit,
  ): boolean {
    // A server that hands its requests on to another one.
    if (request[CONTEXT] !== undefined) return emit.call(server, "request", request, response);
    let inner: Context;
    try {
      inner = this.#begin(server, request, response);
    } catch {
      // Something that only looks like a request: it is answered as ever.
      return emit.call(server, "request", request, response);
    }
    request[CONTEXT] = inner;
    response[CONTEXT] = inner;
    const args = ["request", request, response] as never[];
    return context.with(inner, emit as (...all: never[]) => boolean, server as never, ...args);
  }

  /** The context in which a request is answered. */
  #begin(server: object, request: IncomingMessage, response: ServerResponse): Context {
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
      this.#addHeaders(span, "response", (name) => response.getHeader(name));
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
    for (const name of this.#options.headers ?? []) {
      const value = headers[name.toLowerCase()];
      if (value !== undefined) {
        attributes[`http.request.header.${name.toLowerCase()}`] = String(
          redact(String(value), name),
        );
      }
    }
    return attributes;
  }

  #addHeaders(span: Span, kind: "response", read: (name: string) => unknown): void {
    for (const name of this.#options.headers ?? []) {
      const value = read(name);
      if (value === undefined) continue;
      span.setAttribute(
        `http.${kind}.header.${name.toLowerCase()}`,
        String(redact(String(value), name)),
      );
    }
  }
}
