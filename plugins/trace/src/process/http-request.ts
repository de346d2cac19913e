import type { IncomingMessage } from "node:http";
import type { HttpOptions } from "../options.ts";

const MAX_NAME = 120;
/** Parts of a path that stand for one thing of many: numbers, and ids of at least eight digits. */
const ID = /\/(?:\d+|[0-9a-f]{8,}(?:-[0-9a-f]{4,})*)(?=\/|$)/gi;

/** The path of a request's target, without its query. */
export function pathOf(url: string): string {
  const query = url.indexOf("?");
  const fragment = url.indexOf("#");
  const end = query === -1 || (fragment !== -1 && fragment < query) ? fragment : query;
  const path = end === -1 ? url : url.slice(0, end);
  // A proxy is asked for whole addresses, which may hold a password.
  return path.startsWith("/") ? path : path.replace(/^[a-z][\w+.-]*:\/\/[^/]*/i, "") || "/";
}

/** Whether a request has one of these headers, which are in lower case; that it makes an object of all takes its time. */
export function headersIn(request: IncomingMessage, wanted: readonly string[]): boolean {
  const { rawHeaders: raw } = request;
  // One that was made up may have no more than the object.
  if (raw === undefined || raw.length === 0)
    return wanted.some((name) => request.headers?.[name] !== undefined);
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] as string;
    for (const one of wanted) {
      if (one.length === name.length && one === name.toLowerCase()) return true;
    }
  }
  return false;
}

/** Names of this host, of which there are few; and what others make up. */
const MAX_HOSTS = 100;
const hosts = new Map<string, Host>();

/** A host as a request names it. */
interface Host {
  readonly name: string;
  readonly port: number | undefined;
}

/** @param host with its port or without */
export function hostOf(host: string): Host {
  const known = hosts.get(host);
  if (known !== undefined) return known;
  const [, name = host, port] = /^(.*?)(?::(\d+))?$/.exec(host) ?? [];
  const found = { name, port: port === undefined ? undefined : Number(port) };
  if (hosts.size >= MAX_HOSTS) hosts.clear();
  hosts.set(host, found);
  return found;
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
