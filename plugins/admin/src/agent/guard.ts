import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { foreignHost, foreignOrigin, longUrl, noToken, wrongType } from "../errors.ts";

/** What is looked at before anything is done. */
export interface GuardOptions {
  /** Names under which it may be asked, beside those of this machine. */
  readonly hosts: readonly string[];
  /** Over a unix socket no page can ask, whatever the name. */
  readonly isSocket: boolean;
  readonly token: string;
  readonly protect: "changes" | "all";
}

const OWN_NAMES = ["127.0.0.1", "localhost", "[::1]"];
const MAX_URL = 4096;
const SAFE = ["GET", "HEAD"];

/**
 * Lets a request in, or says why not: that it was meant for somebody else (a page whose name now leads here), that it comes
 * from a page of somebody else, that its sender does not know the token, or that any form could have sent it.
 *
 * @throws ELPIS_ADMIN_URL, ELPIS_ADMIN_HOST, ELPIS_ADMIN_ORIGIN, ELPIS_ADMIN_TOKEN, ELPIS_ADMIN_CONTENT_TYPE
 */
export function guard(request: IncomingMessage, options: GuardOptions): void {
  const { url = "", method = "", headers } = request;
  if (url.length > MAX_URL) throw longUrl(url.length);
  if (!options.isSocket) {
    const names = [...OWN_NAMES, ...options.hosts.map((name) => name.toLowerCase())];
    if (!names.includes(nameOf(headers.host))) throw foreignHost(headers.host);
    checkOrigin(headers);
  }
  const changes = !SAFE.includes(method);
  if ((changes || options.protect === "all") && !knows(headers.authorization, options.token)) {
    throw noToken();
  }
  if (changes) checkType(headers);
}

/** Without the port: whoever forwards one may have chosen another. */
function nameOf(host = ""): string {
  return host.toLowerCase().replace(/:\d+$/, "");
}

function checkOrigin(headers: IncomingMessage["headers"]): void {
  const { origin, host } = headers;
  const site = headers["sec-fetch-site"];
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) {
    throw foreignOrigin(origin);
  }
  if (site !== undefined && site !== "same-origin" && site !== "none") {
    throw foreignOrigin(origin ?? "another site");
  }
}

function knows(authorization: string | undefined, token: string): boolean {
  const [, given] = /^Bearer ([\x21-\x7e]{1,256})$/i.exec(authorization ?? "") ?? [];
  if (given === undefined) return false;
  // Of equal length whatever is given, so that time tells nothing.
  const [a, b] = [given, token].map((text) => createHash("sha256").update(text).digest());
  return timingSafeEqual(a as Buffer, b as Buffer);
}

function checkType(headers: IncomingMessage["headers"]): void {
  const hasBody =
    headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
  const type = headers["content-type"];
  if (!hasBody && type === undefined) return;
  if (!/^application\/json(;|$)/i.test(type ?? "")) throw wrongType();
}
