import type { Socket } from "node:net";
import { isSameProof, makeNonce, makeProof, notAuthentic } from "@elpis/core/internal";
import { hear, say } from "./line-talk.ts";

/** What a socket is to be: a link to the hub, or the channel over which Node passes handles. */
export type Purpose = "hub" | "channel";

/** Which process somebody says to be, and what proves it. */
export interface Identity {
  /** Name, index and epoch, and a mark of this one start. */
  readonly id: string;
  readonly token: string;
}

/** What somebody at the door wants, once it is proved. */
export interface Claim {
  readonly id: string;
  readonly purpose: Purpose;
}

const NONCE_BYTES = makeNonce().length;

/**
 * The worker's side: proves who this process is. Both sides prove that they know the token, by an HMAC over two fresh values, so
 * that neither the token nor anything that can be used again goes over the socket.
 *
 * @throws ELPIS_PROTOCOL_AUTH when the master does not know this process
 */
export async function prove(
  socket: Socket,
  { id, token }: Identity,
  purpose: Purpose,
): Promise<void> {
  const nonce = makeNonce();
  say(socket, { id, purpose, nonce: nonce.toString("base64url") });
  const challenge = await hear(socket);
  if (challenge.unknown === true) throw notAuthentic("peer");
  const theirs = bytes(challenge.nonce);
  const key = keyOf(token, purpose);
  if (!isSameProof(bytes(challenge.proof), makeProof("hub", key, nonce, theirs))) {
    throw new Error("whoever listens there is not our master");
  }
  say(socket, { proof: makeProof("peer", key, nonce, theirs).toString("base64url") });
  const answer = await hear(socket);
  if (answer.ok !== true) throw notAuthentic("peer");
}

/**
 * The master's side: finds out who is at the door. Resolves undefined, when nobody is who should be let in; the socket is
 * ended then.
 */
export async function examine(
  socket: Socket,
  tokenOf: (claim: Claim) => string | undefined,
): Promise<Claim | undefined> {
  try {
    const { id, purpose, nonce } = await hear(socket);
    const claim = readClaim(id, purpose);
    const theirs = bytes(nonce);
    const token = claim === undefined ? undefined : tokenOf(claim);
    if (claim === undefined || token === undefined || theirs.length !== NONCE_BYTES) {
      socket.end(`${JSON.stringify({ unknown: true })}\n`);
      return undefined;
    }
    const ours = makeNonce();
    const key = keyOf(token, claim.purpose);
    const proof = makeProof("hub", key, theirs, ours).toString("base64url");
    say(socket, { nonce: ours.toString("base64url"), proof });
    const answer = await hear(socket);
    if (isSameProof(bytes(answer.proof), makeProof("peer", key, theirs, ours))) {
      say(socket, { ok: true });
      return claim;
    }
  } catch {
    // It has gone, or what it said made no sense.
  }
  socket.destroy();
  return undefined;
}

/** What was proved for one purpose proves nothing for the other. */
function keyOf(token: string, purpose: Purpose): string {
  return `${purpose} ${token}`;
}

function readClaim(id: unknown, purpose: unknown): Claim | undefined {
  const isKnown = purpose === "hub" || purpose === "channel";
  return typeof id === "string" && isKnown ? { id, purpose } : undefined;
}

function bytes(value: unknown): Buffer {
  return Buffer.from(typeof value === "string" ? value : "", "base64url");
}
