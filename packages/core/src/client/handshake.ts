import { hasCode, type Role } from "@elpis/api";
import {
  BodyCodec,
  bodyEnd,
  bodyStart,
  type Hello,
  isSameProof,
  Kind,
  kindOf,
  MAX_FRAME_BYTES,
  makeNonce,
  makeProof,
  notAuthentic,
  PROTOCOL_VERSION,
  readChallenge,
  readGoodbye,
  readWelcome,
  Splitter,
  sizeOf,
  type Welcome,
} from "@elpis/protocol";
import { closedUnsaid, hubClosed, hubFull } from "../errors.ts";
import { CLIENT_NAME } from "../version.ts";
import type { Link } from "../wire/link.ts";
import { Session, type SessionHost } from "./session.ts";

const codec = new BodyCodec();

/** What a peer from outside would like to be called. */
export interface WishedLocation {
  /** @default "peer" */
  readonly name?: string;
  /** @default "peer"; `master` is refused */
  readonly role?: Exclude<Role, "master">;
  readonly index?: number;
  readonly epoch?: number;
}

export interface HandshakeOptions {
  /** Proves that this peer may join; a child over an inherited socket needs none. */
  readonly secret?: string;
  readonly location?: WishedLocation;
  /** How long the handshake may take, in milliseconds. @default 5000 */
  readonly timeoutMs?: number;
}

/** Whoever waits for a session. */
export interface Joining extends SessionHost {
  /** The hub has let this peer in. Frames follow at once. */
  attach(session: Session): void;
}

/**
 * Introduces this process to the hub at the other end of `link`; resolves when `host` has its session.
 * @throws ELPIS_PROTOCOL_AUTH, ELPIS_PROTOCOL_VERSION, ELPIS_HUB_CLOSED, ELPIS_HUB_FULL
 */
export function openSession(link: Link, options: HandshakeOptions, host: Joining): Promise<void> {
  return new Promise((resolve, reject) => {
    const { timeoutMs = 5000 } = options;
    const timer = setTimeout(() => fail(hubClosed(`no welcome within ${timeoutMs} ms`)), timeoutMs);
    let session: Session | undefined;
    const fail = (error: unknown): void => {
      clearTimeout(timer);
      reject(error);
      link.destroy();
    };
    const handshake = new Handshake(link, options);
    const frames = (chunk: Buffer, from: number, to: number): void => {
      let at = from;
      while (session === undefined && at < to) {
        const welcome = handshake.frame(chunk, at);
        at += sizeOf(chunk, at);
        if (welcome === undefined) continue;
        clearTimeout(timer);
        splitter.maxFrameBytes = welcome.maxFrameBytes;
        session = new Session(link, welcome, host);
        host.attach(session);
        resolve();
      }
      session?.frames(chunk, at, to);
    };
    const splitter = new Splitter({ frames }, MAX_FRAME_BYTES);
    const feed = (chunk: Buffer): void => {
      try {
        splitter.feed(chunk);
      } catch (error) {
        fail(error);
        session?.ended(error);
      }
    };
    link.start(feed, (cause) => {
      fail(handshake.farewell ?? closedUnsaid(cause));
      session?.ended(cause);
    });
    handshake.begin();
  });
}

/** The peer's side of the handshake: hello, then a challenge where there is a secret, then welcome. */
class Handshake {
  /** Why the hub will not have this peer, where it said so. */
  farewell: Error | undefined;
  readonly #link: Link;
  readonly #options: HandshakeOptions;
  #nonce: Uint8Array | undefined;
  #hubIsProved = false;

  constructor(link: Link, options: HandshakeOptions) {
    this.#link = link;
    this.#options = options;
  }

  begin(): void {
    const { secret, location } = this.#options;
    if (secret !== undefined) this.#nonce = makeNonce();
    const hello: Hello = {
      protocol: [PROTOCOL_VERSION, PROTOCOL_VERSION],
      client: CLIENT_NAME,
      pid: process.pid,
      records: true,
      ...(this.#nonce !== undefined && { nonce: this.#nonce }),
      ...location,
    };
    this.#send(Kind.hello, hello);
  }

  /** @throws ELPIS_PROTOCOL_AUTH, or the reason that the hub gave */
  frame(chunk: Buffer, at: number): Welcome | undefined {
    const kind = kindOf(chunk, at);
    const body = codec.unpack(chunk, bodyStart(chunk, at), bodyEnd(chunk, at));
    if (kind === Kind.challenge) this.#prove(body);
    if (kind === Kind.goodbye) this.farewell = this.#goodbye(body);
    if (kind !== Kind.welcome) return undefined;
    const { secret } = this.#options;
    // Who knows the secret does not talk to a hub that has not shown that it knows it too.
    if (secret !== undefined && !this.#hubIsProved) throw notAuthentic("hub");
    const welcome = readWelcome(body);
    // A hub that does not name its run has another secret in each of them.
    return welcome.run === undefined && secret !== undefined
      ? { ...welcome, run: secret }
      : welcome;
  }

  #goodbye(body: unknown): Error {
    const { code, reason } = readGoodbye(body);
    if (code === "ELPIS_HUB_FULL") return hubFull(reason);
    const error = hubClosed(reason, code);
    // The secret is the right one: it was our proof that did not come in time.
    const isLate = hasCode(error, "ELPIS_PROTOCOL_AUTH") && this.#hubIsProved;
    return isLate ? hubClosed(reason, code, undefined, true) : error;
  }

  #prove(body: unknown): void {
    const { secret } = this.#options;
    if (secret === undefined || this.#nonce === undefined) throw notAuthentic("peer");
    const { nonce, proof } = readChallenge(body);
    if (!isSameProof(proof, makeProof("hub", secret, this.#nonce, nonce)))
      throw notAuthentic("hub");
    this.#hubIsProved = true;
    this.#send(Kind.auth, { proof: makeProof("peer", secret, this.#nonce, nonce) });
  }

  #send(kind: Kind, body: unknown): void {
    const frame = codec.frame(body, kind, 0, 0, 0, 0);
    this.#link.write([frame], frame.length);
  }
}
