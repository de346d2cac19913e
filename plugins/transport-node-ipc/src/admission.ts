import { createHmac, timingSafeEqual } from "node:crypto";
import { isU32 } from "@elpis/api";
import type { WishedLocation } from "@elpis/core";
import { invalid, notAuthentic } from "./errors.ts";
import type { Fields, FromClient, ToClient } from "./messages.ts";

/** Bytes of the random value of each side. */
export const NONCE_BYTES = 32;
const MAX_NAME_BYTES = 64;
const ROLES = ["agent", "worker", "peer"] as const;

/** Who a client says it is. Its process id is its own, not that of the process with the hub. */
export type Identity = WishedLocation & { readonly pid: number };

/** What follows from a message of somebody who has not proved himself. */
export type Step =
  | { readonly type: "send"; readonly name: ToClient; readonly data: Fields }
  | { readonly type: "admit"; readonly identity: Identity };

/** The door's side of the handshake, without socket or clock. */
export class Admission {
  readonly #secret: string;
  readonly #nonce: Buffer;
  #hello: { readonly identity: Identity; readonly nonce: Buffer } | undefined;

  constructor(secret: string, nonce: Buffer) {
    this.#secret = secret;
    this.#nonce = nonce;
  }

  /** @throws ELPIS_NODE_IPC_AUTH, ELPIS_NODE_IPC_INVALID */
  step(name: FromClient, data: Fields): Step {
    if (name === "elpis.hello" && this.#hello === undefined) return this.#onHello(data);
    if (name === "elpis.join" && this.#hello !== undefined) {
      const expected = proof("peer", this.#secret, this.#hello.nonce, this.#nonce);
      if (!isSame(hexOf(data.proof), expected)) throw notAuthentic("a wrong proof");
      return { type: "admit", identity: this.#hello.identity };
    }
    throw invalid(`${name} before welcome`);
  }

  #onHello(data: Fields): Step {
    const nonce = hexOf(data.nonce);
    if (nonce.length !== NONCE_BYTES) throw invalid(`nonce: expected ${NONCE_BYTES} bytes in hex`);
    this.#hello = { identity: readIdentity(data), nonce };
    const answer = proof("hub", this.#secret, nonce, this.#nonce);
    const fields = { nonce: this.#nonce.toString("hex"), proof: answer.toString("hex") };
    return { type: "send", name: "elpis.challenge", data: fields };
  }
}

/** Another label than in the handshake of the hub: what proves something here proves nothing there. */
export function proof(
  who: "hub" | "peer",
  secret: string,
  clientNonce: Buffer,
  hubNonce: Buffer,
): Buffer {
  const label = `elpis node-ipc 1 ${who}\0`;
  return createHmac("sha256", secret).update(label).update(clientNonce).update(hubNonce).digest();
}

function readIdentity({
  name = "peer",
  role = "peer",
  index = 0,
  epoch = 1,
  pid,
}: Fields): Identity {
  if (typeof name !== "string" || name === "" || Buffer.byteLength(name) > MAX_NAME_BYTES) {
    throw invalid(`name: expected 1 to ${MAX_NAME_BYTES} bytes of text`);
  }
  const known = ROLES.find((one) => one === role);
  if (known === undefined) throw invalid(`role: expected one of ${ROLES.join(", ")}`);
  if (!isU32(index) || !isU32(epoch) || !isU32(pid)) {
    throw invalid("index, epoch, pid: expected whole numbers of 32 bits");
  }
  return { name, role: known, index, epoch, pid };
}

function hexOf(value: unknown): Buffer {
  return typeof value === "string" && /^[0-9a-f]{1,128}$/.test(value)
    ? Buffer.from(value, "hex")
    : Buffer.alloc(0);
}

function isSame(given: Buffer, expected: Buffer): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected);
}
