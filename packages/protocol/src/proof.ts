import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** Bytes of the random value that each side contributes to a handshake. */
export const NONCE_BYTES = 32;

/** A fresh random value. */
export function makeNonce(): Buffer {
  return randomBytes(NONCE_BYTES);
}

/**
 * What proves that `who` knows the secret: HMAC-SHA256 over a label and both random values. The label differs for the two
 * sides, so that a proof cannot be sent back to the one that made it.
 */
export function makeProof(
  who: "hub" | "peer",
  secret: string,
  peerNonce: Uint8Array,
  hubNonce: Uint8Array,
): Buffer {
  return createHmac("sha256", secret)
    .update(`elpis 1 ${who}\0`)
    .update(peerNonce)
    .update(hubNonce)
    .digest();
}

/** Compares in constant time. */
export function isSameProof(given: Uint8Array, expected: Uint8Array): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected);
}
