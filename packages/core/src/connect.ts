import { dirname } from "node:path";
import type { AnyTopics, Client, Logger, TopicSchemas } from "@elpis/api";
import { HubClient } from "./client/client.ts";
import { Dialer, type HubAddress } from "./client/dialer.ts";
import type { WishedLocation } from "./client/join.ts";
import { Uplink } from "./client/uplink.ts";
import { readEndpoint } from "./local/endpoint.ts";
import { runtimeDir } from "./local/runtime-dir.ts";
import { createLogger } from "./logger.ts";

export interface ConnectOptions {
  /** Path of the hub's socket, or name of its pipe. */
  readonly path: string;
  /** The hub's secret for this run. */
  readonly secret: string;
  /** What this peer would like to be called. */
  readonly location?: WishedLocation;
  /** Where failures of listeners are written. @default stderr */
  readonly log?: Logger;
  /** How long to try, in milliseconds. @default 5000 */
  readonly timeoutMs?: number;
  /**
   * Whether a connection that is lost is made again, after 50 ms at first and never after more than 2 s, until `close()`.
   * With `false` the client ends with its connection. @default true
   */
  readonly reconnect?: boolean;
  /**
   * Where the hub is by then; asked before each new connection. May throw when there is none.
   * @default what `hub.json` beside the socket says, if it is about this socket; else the same path and secret
   */
  readonly endpoint?: () => { readonly path: string; readonly secret: string };
  /** How the values of topics are checked; see `useSchemas`. */
  readonly schemas?: TopicSchemas;
}

/**
 * Joins a hub from outside its family of processes.
 * @throws ELPIS_HUB_UNREACHABLE, ELPIS_HUB_FULL, ELPIS_PROTOCOL_AUTH, ELPIS_PROTOCOL_VERSION
 * @example const peer = await connect({ path: hub.path, secret: hub.secret, location: { name: "web" } });
 */
export async function connect<Topics = AnyTopics>(
  options: ConnectOptions,
): Promise<Client<Topics>> {
  const { path, secret } = options;
  const first = { path, secret };
  return open<Topics>(options, first, options.endpoint ?? (() => addressNow(first)));
}

/**
 * Joins the hub of an application that this user runs, by its name.
 * @throws ELPIS_HUB_UNREACHABLE, ELPIS_HUB_FULL, ELPIS_HUB_BAD_NAME
 */
export async function connectTo<Topics = AnyTopics>(
  name: string,
  options: Omit<ConnectOptions, "path" | "secret" | "endpoint"> & { readonly base?: string } = {},
): Promise<Client<Topics>> {
  const dir = runtimeDir(name, options.base);
  return open<Topics>(options, readEndpoint(dir), () => readEndpoint(dir));
}

async function open<Topics>(
  options: Omit<ConnectOptions, "path" | "secret" | "endpoint">,
  first: HubAddress,
  find: () => HubAddress,
): Promise<Client<Topics>> {
  const { log, reconnect = true, schemas, location, timeoutMs } = options;
  const uplink = new Uplink(log ?? createLogger({ level: "warn" }));
  const client = new HubClient(uplink, schemas);
  const dialer = new Dialer(find, {
    ...(location !== undefined && { location }),
    ...(timeoutMs !== undefined && { timeoutMs }),
  });
  await dialer.dial(first, uplink);
  if (reconnect) uplink.redialWith((signal) => dialer.redial(uplink, signal));
  return client as unknown as Client<Topics>;
}

/** The hub may have been started again since: then its secret is another one. */
function addressNow(first: HubAddress): HubAddress {
  try {
    const { path, secret } = readEndpoint(dirname(first.path));
    if (path === first.path) return { path, secret };
  } catch {
    // Nothing beside the socket says so, as with a pipe, or while there is no hub.
  }
  return first;
}
