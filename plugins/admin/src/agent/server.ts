import { type Client, UNTRACED } from "@elpis/api";
import { endpoints } from "@elpis/telemetry";
import Fastify, { type FastifyInstance, type FastifyRequest } from "fastify";
import { notFound } from "../errors.ts";
import { send, sendError } from "./answer.ts";
import { type GuardOptions, guard } from "./guard.ts";
import type { Asked, Route } from "./route.ts";

const MAX_BODY_BYTES = 64 * 1024;
const MAX_HEADER_BYTES = 16 * 1024;
/** More connections than that are closed as they come. */
const MAX_CONNECTIONS = 2048;
const HEADERS_MS = 5000;
const REQUEST_MS = 10_000;
const KEEP_ALIVE_MS = 5000;

/** What a server is made from. */
export interface ServerParts {
  readonly routes: readonly Route[];
  readonly hub: Client;
  readonly guard: GuardOptions;
}

/** Makes the server; it does not listen yet. */
export function createServer(parts: ServerParts): FastifyInstance {
  const server = Fastify({
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionTimeout: 0,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    http: {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_MS,
      connectionsCheckingInterval: 1000,
    },
  });
  server.server.maxConnections = MAX_CONNECTIONS;
  // Whoever looks is no part of the application.
  Object.assign(server.server, { [UNTRACED]: true });
  // Any form of any page can send these.
  server.removeContentTypeParser("text/plain");
  server.addHook("onRequest", async (request, reply) => {
    void reply.headers({
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none'",
    });
    guard(request.raw, parts.guard);
  });
  server.setErrorHandler((error, _, reply) => sendError(reply, error));
  for (const route of parts.routes) addRoute(server, route);
  server.setNotFoundHandler(async (request, reply) => {
    const [path = ""] = request.url.split("?", 1);
    const known = endpoints(parts.hub).list.some((one) => one.path === path);
    if (request.method !== "GET" || !known) {
      throw notFound(
        `There is no ${request.method} ${path.slice(0, 200)}; GET / lists what there is.`,
      );
    }
    const { value, partial, absent } = await endpoints(parts.hub).ask(path, askedOf(request).query);
    const message = absent.length > 0 ? `no answer from ${absent.join(", ")}` : "";
    return send(reply, { data: value, message, more: { partial, absent } });
  });
  return server;
}

function addRoute(server: FastifyInstance, route: Route): void {
  server.route({
    method: route.method,
    url: route.path,
    handler: async (request, reply) => {
      if (route.stream !== undefined) {
        route.stream(reply.hijack());
        return reply;
      }
      const answered = await route.answer?.(askedOf(request));
      if (answered === undefined) throw notFound("There is nothing here.");
      return send(reply, answered);
    },
  });
}

/** Each part of a query once: the last. */
function askedOf(request: FastifyRequest): Asked {
  const texts = (value: unknown): Record<string, string> =>
    Object.fromEntries(
      Object.entries(value ?? {}).map(([key, one]) => [
        key,
        String(Array.isArray(one) ? one.at(-1) : one),
      ]),
    );
  const { body } = request;
  const isRecord = typeof body === "object" && body !== null && !Array.isArray(body);
  return {
    params: texts(request.params),
    query: texts(request.query),
    body: isRecord ? (body as Record<string, unknown>) : {},
    accept: request.headers.accept ?? "",
  };
}
