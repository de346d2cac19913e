import http, { type IncomingMessage, type ServerResponse } from "node:http";
import https from "node:https";
import type { Contexts } from "../spans/contexts.ts";
import { type Followed, type HttpServerParts, RequestTracer } from "./request-tracer.ts";

type Emit = (this: object, ...args: unknown[]) => boolean;

/** Where a request and the answer to it have what is known of them. */
const FOLLOWED: unique symbol = Symbol("elpis.trace.followed");
interface Message {
  [FOLLOWED]?: Followed | undefined;
  /** Those who listen, as Node keeps them. */
  readonly _events?: Readonly<Record<string, unknown>>;
}

/**
 * Makes a span of each request that a server of Node's `http` or `https` answers. It is done where a server tells of a request and not
 * by hooks of modules, so it is the same for every way in which a server is imported, and costs little where nothing is recorded.
 *
 * @returns what ends it
 */
export function traceServers(parts: HttpServerParts): () => void {
  const tracer = new RequestTracer(parts);
  const { contexts } = parts;
  const wrapped = [
    ...[http.Server.prototype, https.Server.prototype].map((prototype) =>
      wrapEmit(prototype, (emit) => tellRequest(tracer, contexts, emit)),
    ),
    ...[http.IncomingMessage.prototype, http.ServerResponse.prototype].map((prototype) =>
      wrapEmit(prototype, (emit) => tellInContext(contexts, emit)),
    ),
  ];
  return () => {
    for (const end of wrapped) end();
  };
}

function wrapEmit(prototype: NodeJS.EventEmitter, wrap: (emit: Emit) => Emit): () => void {
  const hasOwn = Object.hasOwn(prototype, "emit");
  const own = prototype.emit as unknown as Emit;
  // Somebody may change it further up later, as `node:domain` does.
  const emit: Emit = hasOwn
    ? own
    : function (...args) {
        return Object.getPrototypeOf(prototype).emit.apply(this, args);
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

function tellRequest(tracer: RequestTracer, contexts: Contexts, emit: Emit): Emit {
  return function (...args) {
    if (args[0] !== "request") return emit.apply(this, args);
    const [, request, response] = args;
    if (!isRequest(request) || !isResponse(response)) return emit.apply(this, args);
    // A server may hand its requests on to another one.
    if (request[FOLLOWED] !== undefined) return emit.apply(this, args);
    const followed = tracer.begin(this, request, response);
    // Also where there is nothing: objects of two kinds would be dearer for all that handle them.
    request[FOLLOWED] = followed;
    response[FOLLOWED] = followed;
    if (followed === undefined) return emit.apply(this, args);
    return contexts.run(followed.context, () => emit.apply(this, args));
  };
}

/** Whoever tells of a request may have made it up. */
function isRequest(value: unknown): value is IncomingMessage & Message {
  return value instanceof http.IncomingMessage;
}

function isResponse(value: unknown): value is ServerResponse & Message {
  return typeof value === "object" && value !== null;
}

/** What comes of a body, and when an answer has left, is told by the socket, which belongs to no request. */
function tellInContext(contexts: Contexts, emit: Emit): Emit {
  return function (...args) {
    const { [FOLLOWED]: followed, _events: heard } = this as Message;
    if (followed === undefined) return emit.apply(this, args);
    const event = args[0] as string;
    // Most of what is told nobody listens to.
    const isHeard = heard?.[event] !== undefined;
    try {
      return isHeard
        ? contexts.run(followed.context, () => emit.apply(this, args))
        : emit.apply(this, args);
    } finally {
      if (event === "close") followed.closed(this);
    }
  };
}
