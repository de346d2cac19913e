import { Socket } from "node:net";
import type { Client, Logger } from "@elpis/api";
import type { HubClient } from "./client/client.ts";
import { join } from "./client/join.ts";
import { SocketLink } from "./wire/link.ts";

/**
 * Joins the hub over a socket that this process inherited at spawn.
 * @throws ELPIS_HUB_CLOSED
 */
export function joinInherited(fd: number, options: { log?: Logger } = {}): Promise<HubClient> {
  return join(new SocketLink(new Socket({ fd, readable: true, writable: true })), options);
}

/** Two copies of this package in one process share the client under this name. */
const KEY = Symbol.for("elpis.process.client");

type Holder = { [KEY]?: Client };

/** What `@elpis/core/process` gives from now on. */
export function setProcessClient(client: Client | undefined): void {
  (globalThis as Holder)[KEY] = client as Client;
}

export function processClient(): Client | undefined {
  return (globalThis as Holder)[KEY];
}
