import { HIDDEN } from "@elpis/api";
import type { AccessOptions } from "./options.ts";

/** An address, and what is sent along. */
export interface Access {
  /** Without a name or a password. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Takes secrets out of what a server says. */
  scrub(text: string): string;
}

/** How a server is reached. */
export function accessOf(address: string, options: AccessOptions): Access {
  const url = new URL(address);
  const login = options.basicAuth ?? {
    username: decoded(url.username),
    password: decoded(url.password),
  };
  const authorization = authorizationOf(login, options.bearerToken);
  // `fetch` takes none in an address.
  url.username = "";
  url.password = "";
  const headers: Record<string, string> = {
    "user-agent": "elpis-reporter-prometheus",
    ...(authorization !== undefined && { authorization }),
  };
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    headers[name.toLowerCase()] = value.trim();
  }
  const { "user-agent": _, ...own } = headers;
  const secrets = [
    ...Object.entries(own).flatMap(([name, value]) => secretsOf(name, value)),
    ...(authorization === undefined ? [] : secretsOf("authorization", authorization)),
    login.password,
    ...url.searchParams.values(),
  ]
    .map((one) => one.trim())
    .filter((one) => one.length >= 6 && !/^(?:basic|bearer)$/i.test(one))
    .sort((a, b) => b.length - a.length);
  const scrub = (text: string): string =>
    secrets.reduce((all, secret) => all.replaceAll(secret, HIDDEN), text);
  return { url, headers, scrub };
}

/** What of a header may be a secret: all of it, each of its words, and the password of a login. */
function secretsOf(name: string, value: string): string[] {
  const words = value.split(/\s+/);
  const [, basic] = /authorization$/.test(name) ? (/^basic\s+(.*)$/i.exec(value) ?? []) : [];
  if (basic === undefined) return [value, ...words];
  const [, ...password] = Buffer.from(basic, "base64").toString().split(":");
  return [value, ...words, password.join(":")];
}

function authorizationOf(
  { username, password }: { readonly username: string; readonly password: string },
  bearerToken: string | undefined,
): string | undefined {
  if (bearerToken !== undefined) return `Bearer ${bearerToken.trim()}`;
  if (username === "" && password === "") return undefined;
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/** A part of an address as it was meant; as it is when it cannot be meant so. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
