import type { IncomingMessage } from "node:http";
import type { HttpOptions } from "../options.ts";

const MAX_NAME = 120;
/** Parts of a path that stand for one thing of many: numbers, and ids of at least eight digits. */
const ID = /\/(?:\d+|[0-9a-f]{8,}(?:-[0-9a-f]{4,})*)(?=\/|$)/gi;

/** The path of a request's target, without its query. */
export function pathOf(url: string): string {
  const end = url.search(/[?#]/);
  const path = end === -1 ? url : url.slice(0, end);
  // A proxy is asked for whole addresses, which may hold a password.
  return path.startsWith("/") ? path : path.replace(/^[a-z][\w+.-]*:\/\/[^/]*/i, "") || "/";
}

/** What a request is called before a framework knows its route. */
export function nameOfRequest(
  { name }: HttpOptions,
  request: IncomingMessage,
  url: string,
): string {
  if (name !== undefined) {
    try {
      return String(name(request)).slice(0, MAX_NAME);
    } catch {
      // The application's own function must not cost it a request.
    }
  }
  return `${request.method} ${pathOf(url).replace(ID, "/:id")}`.slice(0, MAX_NAME);
}

/** Whether a request is one of those that are not to be traced. */
export function isIgnoring(
  ignore: NonNullable<HttpOptions["ignore"]>,
  request: IncomingMessage,
): boolean {
  if (typeof ignore === "function") {
    try {
      return ignore(request) === true;
    } catch {
      return false;
    }
  }
  const path = pathOf(request.url ?? "/");
  return ignore.some((one) =>
    typeof one === "string"
      ? path === one || path.startsWith(withSlash(one))
      : path.search(one) !== -1,
  );
}

function withSlash(prefix: string): string {
  return prefix.endsWith("/") ? prefix : `${prefix}/`;
}
