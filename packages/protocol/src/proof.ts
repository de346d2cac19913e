/**
 * Node's cryptography, at its first use: a process that joins over an inherited socket proves nothing, and is better off
 * without the megabyte that it takes.
 */
const crypto = (): typeof import("node:crypto") => process.getBuiltinModule("node:crypto");

/** Bytes of the random value that each side contributes to a handshake. */
export const NONCE_BYTES = 32;

/** Random bytes are drawn for many values at once: each draw costs more than the bytes. */
const POOL_BYTES = 64 * NONCE_BYTES;
let pool = Buffer.alloc(0);
let used = 0;

/** A fresh random value. */
export function makeNonce(): Buffer {
  if (used === pool.length) {
    pool = crypto().randomBytes(POOL_BYTES);
    used = 0;
  }
  const nonce = pool.subarray(used, used + NONCE_BYTES);
  used += NONCE_BYTES;
  return nonce;
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
  return crypto()
    .createHmac("sha256", secret)
    .update(`elpis 1 ${who}\0`)
    .update(peerNonce)
    .update(hubNonce)
    .digest();
}

/** Compares in constant time. */
export function isSameProof(given: Uint8Array, expected: Uint8Array): boolean {
  return given.length === expected.length && crypto().timingSafeEqual(given, expected);
}
