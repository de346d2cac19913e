import type { PeerInfo } from "@elpis/api";
import { protocolError, readLocation } from "@elpis/protocol";

/** Reads the hub's answer to `peers`. @throws ELPIS_PROTOCOL_INVALID */
export function readPeers(body: unknown): PeerInfo[] {
  if (!Array.isArray(body)) throw protocolError("the list of peers is not a list");
  return body.map((peer) => ({ ...readLocation(peer), ready: peer.ready === true }));
}
