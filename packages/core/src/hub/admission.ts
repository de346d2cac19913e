import type { Location } from "@elpis/api";
import {
  type BodyCodec,
  type Hello,
  isSameProof,
  Kind,
  kindName,
  makeNonce,
  makeProof,
  notAuthentic,
  PROTOCOL_VERSION,
  protocolError,
  readAuth,
  readHello,
  versionMismatch,
} from "@elpis/protocol";

/** How the hub knows who is at the other end of a connection. */
export type Trust =
  /** By parentage: the socket was inherited at spawn. */
  | {
      readonly by: "parentage";
      readonly location: Location;
      /** It is the process that hosts the hub. */
      readonly isHost?: boolean;
    }
  /** By the secret, which both sides prove to know. */
  | { readonly by: "secret"; readonly secret: string; readonly app: string; readonly id: number };

/** What is to be done after a frame of the handshake. */
export type AdmissionStep =
  | { readonly type: "send"; readonly frame: Buffer }
  | { readonly type: "admit"; readonly location: Location; readonly readsRecords: boolean };

/** The hub's side of the handshake, without socket or timer. */
export class Admission {
  readonly #trust: Trust;
  readonly #codec: BodyCodec;
  readonly #nonce = makeNonce();
  #hello: Hello | undefined;

  constructor(trust: Trust, codec: BodyCodec) {
    this.#trust = trust;
    this.#codec = codec;
  }

  /** @throws ELPIS_PROTOCOL_INVALID, ELPIS_PROTOCOL_AUTH, ELPIS_PROTOCOL_VERSION */
  step(kind: number, body: unknown): AdmissionStep {
    if (kind === Kind.hello && this.#hello === undefined) return this.#onHello(readHello(body));
    if (kind === Kind.auth && this.#hello !== undefined) return this.#onAuth(this.#hello, body);
    throw protocolError(`${kindName(kind)} before the handshake is done`, { kind });
  }

  #onHello(hello: Hello): AdmissionStep {
    this.#hello = hello;
    const [lowest, highest] = hello.protocol;
    if (lowest > PROTOCOL_VERSION || highest < PROTOCOL_VERSION) {
      throw versionMismatch(hello.protocol, PROTOCOL_VERSION);
    }
    const trust = this.#trust;
    if (trust.by === "parentage") {
      // A launcher may have put a program between us and the one that speaks.
      return {
        type: "admit",
        location: { ...trust.location, pid: trust.location.pid || hello.pid },
        readsRecords: hello.records === true,
      };
    }
    if (hello.nonce === undefined) throw notAuthentic("peer");
    const proof = makeProof("hub", trust.secret, hello.nonce, this.#nonce);
    const body = { nonce: this.#nonce, proof };
    return { type: "send", frame: this.#codec.frame(body, Kind.challenge, 0, 0, 0, 0) };
  }

  #onAuth(hello: Hello, body: unknown): AdmissionStep {
    const trust = this.#trust;
    if (trust.by !== "secret" || hello.nonce === undefined) {
      throw protocolError("auth was not asked for");
    }
    const expected = makeProof("peer", trust.secret, hello.nonce, this.#nonce);
    if (!isSameProof(readAuth(body).proof, expected)) throw notAuthentic("peer");
    const { pid, name = "peer", role = "peer", index = 0, epoch = 1 } = hello;
    if (role === "master") throw protocolError("only the process that hosts the hub is its master");
    return {
      type: "admit",
      location: { id: trust.id, app: trust.app, role, name, index, pid, epoch },
      readsRecords: hello.records === true,
    };
  }
}
