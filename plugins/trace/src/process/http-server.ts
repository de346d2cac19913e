import http, { type IncomingMessage, type ServerResponse } from "node:http";
import https from "node:https";
import type { Contexts } from "../spans/contexts.ts";
import { type Followed, type HttpServerParts, RequestTracer } from "./request-tracer.ts";

type Emit = (this: object, ...args: unknown[]) => boolean;

/** Says of an `emit` that it belongs to a request that was seen. */
const FOLLOWED: unique symbol = Symbol("elpis.trace.followed");
type Message = IncomingMessage | ServerResponse;

/**
 * Makes a span of each request that a server of Node's `http` or `https` answers. It is done where a server tells of a request and not
 * by hooks of modules, so it is the same for every way in which a server is imported, and costs little where nothing is recorded.
 *
 * @returns what ends it
 */
export function traceServers(parts: HttpServerParts): () => void {
  const tracer = new RequestTracer(parts);
  const { contexts } = parts;
  const servers = [http.Server.prototype, https.Server.prototype].map((prototype) =>
    wrapEmit(prototype, (emit) => tellRequest(tracer, contexts, emit)),
  );
  return () => {
    for (const end of servers) end();
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
    const [, request, response] = args as [string, IncomingMessage, ServerResponse];
    // A server may hand its requests on to another one.
    if ((request.emit as { [FOLLOWED]?: true } | undefined)?.[FOLLOWED] === true) {
      return emit.apply(this, args);
    }
    const followed = tracer.begin(this, request, response);
    if (followed === undefined) return emit.apply(this, args);
    tellInContext(contexts, followed, request);
    tellInContext(contexts, followed, response);
    return contexts.run(followed.context, () => emit.apply(this, args));
  };
}

/**
 * What comes of a body, and when an answer has left, is told by the socket, which belongs to no request. Only of a request that is followed:
 * others are as they ever were.
 */
function tellInContext(contexts: Contexts, followed: Followed, message: Message): void {
  const emit = message.emit as unknown as Emit;
  const wrapped: Emit & { [FOLLOWED]?: true } = function (
    this: { readonly _events?: Readonly<Record<string, unknown>> },
    ...args
  ) {
    const event = args[0] as string;
    const work = (): boolean => emit.apply(this, args);
    // Most of what is told nobody listens to.
    const isHeard = this._events?.[event] !== undefined;
    try {
      return isHeard ? contexts.run(followed.context, work) : work();
    } finally {
      if (event === "close") followed.closed?.(this);
    }
  };
  wrapped[FOLLOWED] = true;
  message.emit = wrapped as never;
}
