import { createHmac } from "node:crypto";
import { isSameProof, makeNonce, makeProof, NONCE_BYTES } from "@elpis/protocol";
import { describe, expect, test } from "vitest";

const peerNonce = new Uint8Array(NONCE_BYTES).fill(1);
const hubNonce = new Uint8Array(NONCE_BYTES).fill(2);

describe("makeProof", () => {
  test("is an HMAC-SHA256 over label and nonces, for clients in other languages", () => {
    const text = Buffer.concat([Buffer.from("elpis 1 peer\0"), peerNonce, hubNonce]);
    const expected = createHmac("sha256", "secret").update(text).digest();
    expect(makeProof("peer", "secret", peerNonce, hubNonce).equals(expected)).toBe(true);
  });

  test("differs with the side, the secret, each nonce, and their order", () => {
    const proofs = [
      makeProof("peer", "secret", peerNonce, hubNonce),
      makeProof("hub", "secret", peerNonce, hubNonce),
      makeProof("peer", "Secret", peerNonce, hubNonce),
      makeProof("peer", "secret", hubNonce, hubNonce),
      makeProof("peer", "secret", peerNonce, peerNonce),
      makeProof("peer", "secret", hubNonce, peerNonce),
    ];
    expect(new Set(proofs.map((proof) => proof.toString("hex"))).size).toBe(proofs.length);
    for (const proof of proofs) expect(proof).toHaveLength(32);
  });

  test("is the same each time", () => {
    const make = (): Buffer => makeProof("hub", "secret", peerNonce, hubNonce);
    expect(isSameProof(make(), make())).toBe(true);
  });
});

describe("isSameProof", () => {
  test("notices every bit", () => {
    const proof = makeProof("hub", "secret", peerNonce, hubNonce);
    for (let bit = 0; bit < proof.length * 8; bit++) {
      const other = Buffer.from(proof);
      other[bit >> 3] = (other[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(isSameProof(other, proof)).toBe(false);
    }
  });

  test("says no to other lengths instead of throwing", () => {
    const proof = makeProof("hub", "secret", peerNonce, hubNonce);
    for (const length of [0, 31, 33])
      expect(isSameProof(new Uint8Array(length), proof)).toBe(false);
  });
});

test("nonces are of the right size and never the same", () => {
  const nonces = Array.from({ length: 1000 }, () => makeNonce());
  for (const nonce of nonces) expect(nonce).toHaveLength(NONCE_BYTES);
  expect(new Set(nonces.map((nonce) => nonce.toString("hex"))).size).toBe(1000);
});
