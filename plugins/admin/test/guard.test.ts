import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { hasCode } from "@elpis/api";
import { expect, it } from "vitest";
import { type GuardOptions, guard } from "../src/agent/guard.ts";

const TOKEN = "0123456789abcdef";
const authorization = `Bearer ${TOKEN}`;

function judged(
  method: string,
  headers: IncomingHttpHeaders,
  options: Partial<GuardOptions> = {},
): string {
  const request = { method, url: "/", headers: { host: "localhost:7002", ...headers } };
  try {
    guard(request as IncomingMessage, {
      ...{ hosts: [], isSocket: false, token: TOKEN, protect: "changes" },
      ...options,
    });
    return "in";
  } catch (error) {
    if (!hasCode(error)) throw error;
    return error.code.replace("ELPIS_ADMIN_", "");
  }
}

it.each<[string, string, IncomingHttpHeaders, Partial<GuardOptions>?]>([
  ["in", "GET", {}],
  ["in", "GET", { origin: "http://localhost:7002" }],
  ["HOST", "GET", { host: "shop.example" }],
  ["HOST", "GET", { host: undefined as never }],
  ["in", "GET", { host: "Shop.Example:80" }, { hosts: ["shop.example"] }],
  ["in", "GET", { host: "whatever", origin: "http://evil.example" }, { isSocket: true }],
  ["ORIGIN", "GET", { origin: "null" }],
  ["ORIGIN", "GET", { origin: "http://localhost:3000" }],
  ["ORIGIN", "GET", { "sec-fetch-site": "same-site" }],
  ["ORIGIN", "POST", { authorization, origin: "http://evil.example" }],
  ["TOKEN", "GET", {}, { protect: "all" }],
  ["in", "GET", { authorization }, { protect: "all" }],
  ["TOKEN", "POST", {}],
  ["TOKEN", "DELETE", {}],
  ["TOKEN", "POST", {}, { isSocket: true }],
  ["TOKEN", "POST", { authorization: `Bearer ${TOKEN} ` }],
  ["TOKEN", "POST", { authorization: TOKEN }],
  ["in", "POST", { authorization }],
  ["in", "POST", { authorization, "content-type": "application/json; charset=utf-8" }],
  ["CONTENT_TYPE", "POST", { authorization, "content-type": "text/plain" }],
  ["CONTENT_TYPE", "POST", { authorization, "content-type": "application/jsonx" }],
  ["CONTENT_TYPE", "POST", { authorization, "content-length": "1" }],
  ["CONTENT_TYPE", "POST", { authorization, "transfer-encoding": "chunked" }],
])("%s: %s %j %j", (expected, method, headers, options) => {
  expect(judged(method, headers, options)).toBe(expected);
});
