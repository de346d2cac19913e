import type { Route } from "./route.ts";

type Json = Readonly<Record<string, unknown>>;

/** The document of all routes, in the form of OpenAPI 3.1. */
export function openApi(routes: readonly Route[]): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, "{$1}");
    paths[path] ??= {};
    paths[path][route.method.toLowerCase()] = operation(route);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Elpis",
      version: "1",
      description: "An application that Elpis runs, from outside.",
    },
    paths,
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
      schemas: { Envelope: ENVELOPE },
    },
  };
}

const ENVELOPE: Json = {
  type: "object",
  required: ["data", "timestamp", "success", "message"],
  properties: {
    data: { description: "What was asked for; null when it failed" },
    timestamp: { type: "integer", description: "Milliseconds since 1970" },
    success: { type: "boolean" },
    message: { type: "string" },
    code: { type: "string", description: "Why it failed, as a name" },
  },
};

function operation(route: Route): Json {
  const { method, path, summary, query = {}, body, statuses = {} } = route;
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    ...{ name, in: "path", required: true },
    schema: { type: "string" },
  }));
  const inQuery = Object.entries(query).map(([name, description]) => ({
    ...{ name, in: "query", description },
    schema: { type: "string" },
  }));
  const content = { "application/json": { schema: { $ref: "#/components/schemas/Envelope" } } };
  const others = Object.entries(statuses).map(([status, description]) => [
    status,
    { description, content },
  ]);
  const type = path === "/events" ? { "text/event-stream": {} } : content;
  return {
    operationId: `${method.toLowerCase()}${path.replace(/\W+(\w?)/g, (_, next: string) => next.toUpperCase())}`,
    summary,
    parameters: [...inPath, ...inQuery],
    ...(body !== undefined && { requestBody: requestBody(body) }),
    ...(method === "POST" && { security: [{ token: [] }] }),
    responses: { 200: { description: "It worked", content: type }, ...Object.fromEntries(others) },
  };
}

function requestBody(body: Readonly<Record<string, string>>): Json {
  const properties = Object.entries(body).map(([name, description]) => [name, { description }]);
  const schema = { type: "object", properties: Object.fromEntries(properties) };
  return { content: { "application/json": { schema } } };
}
