import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { createHub } from "@elpis/core";
import {
  type Auth,
  BodyCodec,
  bodyEnd,
  bodyStart,
  type Challenge,
  correlationOf,
  Flag,
  isSameProof,
  Kind,
  kindName,
  kindOf,
  makeProof,
  Splitter,
  setFlags,
  sizeOf,
} from "@elpis/protocol";

/** What is secret or differs from run to run; in the document it has these values. */
export const EXAMPLE = {
  secret: "example-secret",
  peerNonce: Buffer.from(Array.from({ length: 32 }, (_, index) => index)),
  hubNonce: Buffer.from(Array.from({ length: 32 }, (_, index) => 0x80 + index)),
  hubPid: 4711,
  peerPid: 4242,
} as const;

/** A frame as it was on the wire. */
export interface Said {
  readonly name: string;
  readonly bytes: Buffer;
}

const codec = new BodyCodec();

/** Speaks with a real hub over its socket, byte by byte as `docs/protocol.md` shows it. */
export async function converse(dir: string): Promise<Said[]> {
  const hub = await createHub({ name: "shop", dir, run: "example" });
  hub.client.handle("price.of", ({ sku }: { sku: string }) => (sku === "tea" ? 3 : 0));
  const wire = new Wire(connect(hub.path));
  try {
    await joinHub(wire, hub.secret);
    wire.say(Kind.route, { topic: "price.of", to: { role: "master" } });
    wire.say(Kind.request, { sku: "tea" }, { correlation: 7, remainingMs: 5000 });
    await wire.hear(Kind.peer);
    await wire.hear(Kind.reply);
    wire.say(Kind.listen, "greet", { flags: Flag.handler });
    await wire.hear(Kind.topic);
    const answer = hub.client.request("greet", "you");
    const correlation = correlationOf(await wire.hear(Kind.request), 0);
    wire.say(Kind.reply, "hello", { correlation });
    assert.equal(await answer, "hello");
    wire.say(Kind.goodbye, { code: "ELPIS_HUB_CLOSED", reason: "done" });
    return wire.said;
  } finally {
    wire.close();
    await hub.close();
  }
}

async function joinHub(wire: Wire, secret: string): Promise<void> {
  const { peerNonce: nonce, peerPid: pid } = EXAMPLE;
  wire.say(Kind.hello, { protocol: [1, 1], client: "example", pid, nonce, name: "visitor" });
  const challenge = read<Challenge>(await wire.hear(Kind.challenge));
  assert.ok(isSameProof(challenge.proof, makeProof("hub", secret, nonce, challenge.nonce)));
  wire.say(Kind.auth, { proof: makeProof("peer", secret, nonce, challenge.nonce) });
  await wire.hear(Kind.welcome);
}

interface Parts {
  readonly correlation?: number;
  readonly remainingMs?: number;
  readonly flags?: number;
}

/** A socket, frame by frame. */
class Wire {
  readonly said: Said[] = [];
  readonly #socket: Socket;
  readonly #heard: Buffer[] = [];
  #wake: () => void = () => {};

  constructor(socket: Socket) {
    this.#socket = socket;
    const frames = (chunk: Buffer, from: number, to: number): void => {
      for (let at = from; at < to; at += sizeOf(chunk, at)) {
        this.#heard.push(Buffer.from(chunk.subarray(at, at + sizeOf(chunk, at))));
      }
      this.#wake();
    };
    const splitter = new Splitter({ frames }, 1024 * 1024);
    socket.on("data", (chunk) => splitter.feed(chunk));
  }

  say(kind: Kind, body: unknown, parts: Parts = {}): void {
    const { correlation = 0, remainingMs = 0, flags = 0 } = parts;
    const frame = codec.frame(body, kind, 0, correlation, 0, remainingMs);
    setFlags(frame, 0, flags);
    this.said.push({ name: kindName(kind), bytes: example(frame) });
    this.#socket.write(frame);
  }

  async hear(kind: Kind): Promise<Buffer> {
    while (this.#heard.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const frame = this.#heard.shift() as Buffer;
    assert.equal(kindName(kindOf(frame, 0)), kindName(kind));
    this.said.push({ name: kindName(kind), bytes: example(frame) });
    return frame;
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** The same frame with the values of the example; everything else stays as it was on the wire. */
function example(frame: Buffer): Buffer {
  const body = read(frame);
  assert.equal(withBody(frame, body).toString("hex"), frame.toString("hex"));
  return withBody(frame, exampleBody(kindOf(frame, 0), body));
}

function exampleBody(kind: number, body: unknown): unknown {
  const { secret, peerNonce, hubNonce, hubPid } = EXAMPLE;
  if (kind === Kind.challenge) {
    return { nonce: hubNonce, proof: makeProof("hub", secret, peerNonce, hubNonce) };
  }
  if (kind === Kind.auth) {
    return { proof: makeProof("peer", secret, peerNonce, hubNonce) } satisfies Auth;
  }
  return kind === Kind.peer ? { ...(body as object), pid: hubPid } : body;
}

function withBody(frame: Buffer, body: unknown): Buffer {
  const made = codec.frame(body, 0, 0, 0, 0, 0);
  frame.copy(made, 4, 4, bodyStart(frame, 0));
  return Buffer.from(made);
}

function read<Body = unknown>(frame: Buffer): Body {
  return codec.unpack(frame, bodyStart(frame, 0), bodyEnd(frame, 0)) as Body;
}
