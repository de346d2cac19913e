import http, { type IncomingMessage, type ServerResponse } from "node:http";
import https from "node:https";
import type { Context } from "@opentelemetry/api";
import { context } from "../otel.ts";
import { type HttpServerParts, RequestTracer } from "./request-tracer.ts";

type Emit = (this: object, event: string, ...args: unknown[]) => boolean;

/** In which context what a request or an answer tells is heard; that it is there says that the request was seen. */
const CONTEXT: unique symbol = Symbol("elpis.trace.context");
type Message = (IncomingMessage | ServerResponse) & { [CONTEXT]?: Context };

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
    const [request, response] = args as [Message & IncomingMessage, Message & ServerResponse];
    // A server may hand its requests on to another one.
    const isNew = request[CONTEXT] === undefined;
    const inner = isNew ? tracer.begin(this, request, response) : undefined;
    if (inner === undefined) return emit.call(this, event, ...args);
    request[CONTEXT] = inner;
    response[CONTEXT] = inner;
    const all = [event, ...args] as never[];
    return context.with(inner, emit as (...all: never[]) => boolean, this as never, ...all);
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
