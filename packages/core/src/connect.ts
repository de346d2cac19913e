import { connect as connectSocket, type Socket } from "node:net";
import type { AnyTopics, Client, Logger } from "@elpis/api";
import { join as joinHub, type WishedLocation } from "./client/join.ts";
import { unreachable } from "./errors.ts";
import { readEndpoint } from "./local/endpoint.ts";
import { checkSocketPath, runtimeDir } from "./local/runtime-dir.ts";
import { SocketLink } from "./wire/link.ts";

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
}

/**
 * Joins a hub from outside its family of processes.
 * @throws ELPIS_HUB_UNREACHABLE, ELPIS_PROTOCOL_AUTH, ELPIS_PROTOCOL_VERSION
 * @example const peer = await connect({ path: hub.path, secret: hub.secret, location: { name: "web" } });
 */
export async function connect<Topics = AnyTopics>(
  options: ConnectOptions,
): Promise<Client<Topics>> {
  const { path, ...join } = options;
  checkSocketPath(path);
  const socket = await openSocket(path);
  return (await joinHub(new SocketLink(socket), join)) as unknown as Client<Topics>;
}

/**
 * Joins the hub of an application that this user runs, by its name.
 * @throws ELPIS_HUB_UNREACHABLE, ELPIS_HUB_BAD_NAME
 */
export async function connectTo<Topics = AnyTopics>(
  name: string,
  options: Omit<ConnectOptions, "path" | "secret"> & { readonly base?: string } = {},
): Promise<Client<Topics>> {
  const { base, ...rest } = options;
  const { path, secret } = readEndpoint(runtimeDir(name, base));
  return connect<Topics>({ ...rest, path, secret });
}

function openSocket(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectSocket(path);
    const onError = (error: NodeJS.ErrnoException): void => {
      reject(unreachable(path, error.code ?? error.message, error));
    };
    socket.once("error", onError);
    socket.once("connect", () => {
      socket.off("error", onError);
      resolve(socket);
    });
  });
}
