import type { Logger, TopicSchemas } from "@elpis/api";
import { createLogger } from "../logger.ts";
import type { Link } from "../wire/link.ts";
import { HubClient } from "./client.ts";
import { type HandshakeOptions, openSession } from "./handshake.ts";
import { Uplink } from "./uplink.ts";

export type { WishedLocation } from "./handshake.ts";

export interface JoinOptions extends HandshakeOptions {
  /** Where failures of listeners are written. */
  readonly log?: Logger;
  /** How the values of topics are checked. */
  readonly schemas?: TopicSchemas;
}

/**
 * Introduces this process to the hub at the other end of `link`. The client ends with the link.
 * @throws ELPIS_PROTOCOL_AUTH, ELPIS_PROTOCOL_VERSION, ELPIS_HUB_CLOSED, ELPIS_HUB_FULL
 */
export async function join(link: Link, options: JoinOptions = {}): Promise<HubClient> {
  const uplink = new Uplink(options.log ?? createLogger({ level: "warn" }));
  await openSession(link, options, uplink);
  return new HubClient(uplink, options.schemas);
}
