import { Socket } from "node:net";
import type { Logger } from "@elpis/api";
import { HubClient } from "./client/client.ts";
import { openSession } from "./client/handshake.ts";
import { Uplink } from "./client/uplink.ts";
import { createLogger } from "./logger.ts";
import { SocketLink } from "./wire/link.ts";

/** What {@link joinInherited} may be told. */
export interface InheritedOptions {
  readonly log?: Logger;
  /**
   * Gives another socket to a hub that knows by itself who is at its end, when the one before is lost; a rejection with
   * ELPIS_PROTOCOL_AUTH is the end, any other is followed by another attempt. @default the client ends with its socket
   */
  readonly redial?: (signal: AbortSignal) => Promise<Socket>;
}

/**
 * Joins the hub over a socket that this process inherited at spawn.
 * @throws ELPIS_HUB_CLOSED
 */
export async function joinInherited(
  fd: number,
  options: InheritedOptions = {},
): Promise<HubClient> {
  const { log = createLogger({ level: "warn" }), redial } = options;
  const uplink = new Uplink(log);
  await openSession(new SocketLink(new Socket({ fd, readable: true, writable: true })), {}, uplink);
  if (redial !== undefined) {
    uplink.redialWith(async (signal) => {
      await openSession(new SocketLink(await redial(signal)), {}, uplink);
    });
  }
  return new HubClient(uplink);
}
