import type { Logger, Role } from "@elpis/api";
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
} from "@elpis/protocol";
import { hubClosed } from "../errors.ts";
import { createLogger } from "../logger.ts";
import { CLIENT_NAME } from "../version.ts";
import type { Link } from "../wire/link.ts";
import { HubClient } from "./client.ts";

/** What a peer from outside would like to be called. */
export interface WishedLocation {
  /** @default "peer" */
  readonly name?: string;
  /** @default "peer"; `master` is refused */
  readonly role?: Exclude<Role, "master">;
  readonly index?: number;
  readonly epoch?: number;
}

export interface JoinOptions {
  /** Proves that this peer may join; a child over an inherited socket needs none. */
  readonly secret?: string;
  readonly location?: WishedLocation;
  /** Where failures of listeners are written. */
  readonly log?: Logger;
  /** How long the handshake may take, in milliseconds. @default 5000 */
  readonly timeoutMs?: number;
}

/**
 * Introduces this process to the hub at the other end of `link`.
 * @throws ELPIS_PROTOCOL_AUTH, ELPIS_PROTOCOL_VERSION, ELPIS_HUB_CLOSED
 */
export function join(link: Link, options: JoinOptions = {}): Promise<HubClient> {
  return new Promise((resolve, reject) => {
    const { timeoutMs = 5000 } = options;
    const timer = setTimeout(() => fail(hubClosed(`no welcome within ${timeoutMs} ms`)), timeoutMs);
    let client: HubClient | undefined;
    const fail = (error: unknown): void => {
      clearTimeout(timer);
      reject(error);
      link.destroy();
    };
    const handshake = new Handshake(link, options);
    const frames = (chunk: Buffer, from: number, to: number): void => {
      let at = from;
      while (client === undefined && at < to) {
        client = handshake.frame(chunk, at);
        at += sizeOf(chunk, at);
        if (client === undefined) continue;
        clearTimeout(timer);
        splitter.maxFrameBytes = client.maxFrameBytes;
        resolve(client);
      }
      client?.frames(chunk, at, to);
    };
    const splitter = new Splitter({ frames }, MAX_FRAME_BYTES);
    const feed = (chunk: Buffer): void => {
      try {
        splitter.feed(chunk);
      } catch (error) {
        fail(error);
        client?.ended(error);
      }
    };
    link.start(feed, (cause) => {
      fail(hubClosed(handshake.farewell ?? "the link broke", handshake.farewellCode, cause));
      client?.ended(cause);
    });
    handshake.begin();
  });
}

/** The peer's side of the handshake: hello, then a challenge where there is a secret, then welcome. */
class Handshake {
  farewell: string | undefined;
  farewellCode: string | undefined;
  readonly #link: Link;
  readonly #options: JoinOptions;
  readonly #log: Logger;
  readonly #codec = new BodyCodec();
  readonly #nonce = makeNonce();
  #hubIsProved = false;

  constructor(link: Link, options: JoinOptions) {
    this.#link = link;
    this.#options = options;
    this.#log = options.log ?? createLogger({ level: "warn" });
  }

  begin(): void {
    const { secret, location } = this.#options;
    const hello: Hello = {
      protocol: [PROTOCOL_VERSION, PROTOCOL_VERSION],
      client: CLIENT_NAME,
      pid: process.pid,
      ...(secret !== undefined && { nonce: this.#nonce }),
      ...location,
    };
    this.#send(Kind.hello, hello);
  }

  /** @throws ELPIS_PROTOCOL_AUTH, or the reason that the hub gave */
  frame(chunk: Buffer, at: number): HubClient | undefined {
    const body = this.#codec.unpack(chunk, bodyStart(chunk, at), bodyEnd(chunk, at));
    switch (kindOf(chunk, at)) {
      case Kind.challenge:
        this.#prove(body);
        return undefined;
      case Kind.welcome: {
        // Who knows the secret does not talk to a hub that has not shown that it knows it too.
        if (this.#options.secret !== undefined && !this.#hubIsProved) throw notAuthentic("hub");
        const { location, maxFrameBytes, maxCalls } = readWelcome(body);
        const session = { link: this.#link, location, maxFrameBytes, maxCalls, log: this.#log };
        return new HubClient(session);
      }
      case Kind.goodbye: {
        const { code, reason } = readGoodbye(body);
        this.farewell = reason;
        this.farewellCode = code;
        return undefined;
      }
      default:
        return undefined;
    }
  }

  #prove(body: unknown): void {
    const { secret } = this.#options;
    if (secret === undefined) throw notAuthentic("peer");
    const { nonce, proof } = readChallenge(body);
    if (!isSameProof(proof, makeProof("hub", secret, this.#nonce, nonce)))
      throw notAuthentic("hub");
    this.#hubIsProved = true;
    this.#send(Kind.auth, { proof: makeProof("peer", secret, this.#nonce, nonce) });
  }

  #send(kind: Kind, body: unknown): void {
    const frame = this.#codec.frame(body, kind, 0, 0, 0, 0);
    this.#link.write([frame], frame.length);
  }
}
