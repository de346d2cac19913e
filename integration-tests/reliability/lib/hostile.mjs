// What a hostile peer may send: bodies that are meant to hurt whoever reads them, and frames that are no frames.
import { randomBytes } from "node:crypto";
import {
  BodyCodec,
  bodyEnd,
  bodyStart,
  HEADER_BYTES,
  isSameProof,
  Kind,
  kindOf,
  makeNonce,
  makeProof,
  Splitter,
  setSize,
  writeHeader,
} from "@elpis/protocol";

const codec = new BodyCodec();
const KINDS = Object.values(Kind);

const bytes = (...values) => Buffer.from(values);
const repeat = (unit, times) => Buffer.alloc(unit.length * times, unit);

/** Bodies that a decoder must survive; those of several KiB come last. */
const BODIES = [
  bytes(0xc1),
  bytes(0xdb, 0xff, 0xff, 0xff, 0xff, 0x41),
  bytes(0xc6, 0xff, 0xff, 0xff, 0xff, 0x41),
  bytes(0xdd, 0xff, 0xff, 0xff, 0xff, 0x00),
  bytes(0xdf, 0xff, 0xff, 0xff, 0xff, 0x00),
  bytes(0xc9, 0xff, 0xff, 0xff, 0xff, 0x01),
  // A definition of a record, a set, an error, a regular expression, a reference to itself.
  bytes(0xd4, 0x72, 0x40, 0x91, 0xa1, 0x61, 0x01),
  bytes(0xc7, 0x01, 0x73, 0x90),
  bytes(0xc7, 0x03, 0x65, 0x92, 0xa1, 0x61),
  Buffer.concat([bytes(0xc7, 0x0b, 0x78, 0x92, 0xa7), Buffer.from("(a+)+$a"), bytes(0xa0)]),
  bytes(0xd6, 0x69, 0x00, 0x00, 0x00, 0x01, 0x91, 0xd6, 0x70, 0x00, 0x00, 0x00, 0x01),
  // Keys that are more than keys.
  Buffer.concat([bytes(0x81, 0xa9), Buffer.from("__proto__"), bytes(0x81, 0xa1, 0x61, 0x01)]),
  Buffer.concat([bytes(0x81, 0xab), Buffer.from("constructor"), bytes(0xc0)]),
  // A date of a length that none has, text that is not UTF-8, an end in the middle, more behind the end.
  bytes(0xc7, 0x05, 0xff, 1, 2, 3, 4, 5),
  bytes(0xa4, 0xff, 0xfe, 0xc0, 0x80),
  bytes(0x92, 0x01),
  bytes(0x01, 0x02, 0x03),
  repeat(bytes(0x91), 3000),
  repeat(bytes(0xdc, 0x00, 0x01), 1200),
  repeat(bytes(0x81, 0xa1, 0x61), 1200),
];
const LARGE_BODIES = [
  repeat(bytes(0xdc, 0x00, 0x01), 24_000),
  repeat(bytes(0x91), 200_000),
  Buffer.concat([
    bytes(0xdf, 0x00, 0x00, 0x80, 0x00),
    repeat(bytes(0xcd, 0x12, 0x34, 0x00), 32_768),
  ]),
];

/** A frame around a body as it is. */
function frameOf(body, kind, topic = 0, correlation = 0, target = 0, remainingMs = 0) {
  const frame = Buffer.alloc(HEADER_BYTES + body.length);
  writeHeader(frame, 0, frame.length, kind, topic, correlation, target, remainingMs);
  body.copy(frame, HEADER_BYTES);
  return frame;
}

const packed = (value, ...header) =>
  codec.frame(value, ...header, ...new Array(5 - header.length).fill(0));

/** The peer's side of the handshake, by hand. `wrong` proves with a secret that is not the hub's. */
export class Handshake {
  #nonce = makeNonce();

  hello() {
    const body = { protocol: [1, 1], client: "hostile", pid: process.pid, nonce: this.#nonce };
    return packed({ ...body, name: "hostile" }, Kind.hello);
  }

  /** @returns the frame that answers the challenge */
  auth(challenge, secret) {
    const { nonce, proof } = challenge;
    if (!isSameProof(proof, makeProof("hub", secret, this.#nonce, nonce)))
      throw new Error("not our hub");
    return packed({ proof: makeProof("peer", secret, this.#nonce, nonce) }, Kind.auth);
  }

  wrong() {
    return packed({ proof: randomBytes(32) }, Kind.auth);
  }
}

/** Calls `onFrame(kind, body)` for each frame of the hub; bodies are decoded during the handshake only. */
export function reader(onFrame) {
  const frames = (chunk, from, to) => {
    let at = from;
    while (at < to) {
      const kind = kindOf(chunk, at);
      const isRead = kind === Kind.challenge || kind === Kind.goodbye;
      onFrame(
        kind,
        isRead ? codec.unpack(chunk, bodyStart(chunk, at), bodyEnd(chunk, at)) : undefined,
      );
      at += chunk.readUInt32LE(at);
    }
  };
  const splitter = new Splitter({ frames }, 4 * 1024 * 1024);
  return (chunk) => splitter.feed(chunk);
}

/** Makes frames that are wrong, the same for the same random source. */
export class Hostile {
  #random;
  #legal;

  /** @param target number of a peer that is to get hostile bodies */
  constructor(random, target) {
    this.#random = random;
    this.target = target;
    this.#legal = [
      packed({ topic: "canary.digest" }, Kind.route, 1),
      packed({ topic: "hostile", to: { name: "canary" } }, Kind.route, 2),
      packed("hostile.on", Kind.listen),
      packed("hostile.on", Kind.unlisten),
      packed("some text", Kind.event, 1),
      packed({ a: [1, 2, 3] }, Kind.request, 1, 5, 0, 500),
      packed({ a: [1, 2, 3] }, Kind.consume, 1, 6, 0, 500),
      packed(null, Kind.map, 1, 7, 0, 500),
      packed(1, Kind.open, 1, 8, 0, 500),
      packed(1, Kind.data, 0, 8),
      packed(null, Kind.reply, 0, 3),
      packed(null, Kind.fault, 0, 4),
      frameOf(Buffer.alloc(0), Kind.cancel, 0, 5),
      frameOf(Buffer.alloc(0), Kind.state),
      frameOf(Buffer.alloc(0), Kind.peers, 0, 9),
      frameOf(Buffer.alloc(0), Kind.credit, 100, 8, 0, 1000),
      frameOf(Buffer.alloc(0), Kind.ping, 0, 1),
    ];
  }

  int(n) {
    return this.#random.int(n);
  }

  /** Bytes that mean nothing. */
  junk(size) {
    const junk = Buffer.alloc(size);
    for (let at = 0; at < size; at++) junk[at] = this.int(256);
    return junk;
  }

  /** A header of a kind that may not come now, or of none. */
  strange() {
    const kind = this.int(2) === 0 ? this.int(256) : this.#random.pick(KINDS);
    return frameOf(
      this.body(),
      kind,
      this.int(5000),
      this.int(70_000),
      this.int(10),
      this.int(1000),
    );
  }

  /** A small body that is meant to hurt. */
  body() {
    return this.int(4) === 0 ? this.junk(this.int(40)) : this.#random.pick(BODIES);
  }

  /** A frame as it should be, but for some bytes. */
  mutated() {
    const frame = Buffer.from(this.#random.pick(this.#legal));
    const flips = 1 + this.int(4);
    for (let i = 0; i < flips; i++) frame[this.int(frame.length)] = this.int(256);
    // Most of the time the size is left right, so that what is wrong lies deeper.
    if (this.int(8) !== 0) setSize(frame, 0, frame.length);
    return frame;
  }

  /** A message for somebody who has to read it. */
  poison() {
    const body = this.int(500) === 0 ? this.#random.pick(LARGE_BODIES) : this.body();
    return frameOf(body, Kind.event, 1, 0, this.target);
  }

  /** A question for somebody who has to read it. Its number is the caller's affair. */
  poisonedRequest(correlation) {
    return frameOf(this.body(), Kind.request, 1, correlation, this.target, 200);
  }

  /** The route that poison travels on. */
  route() {
    return this.#legal[0];
  }

  /** A header that promises more than it may. */
  oversize() {
    const frame = frameOf(this.junk(64), this.#random.pick(KINDS));
    setSize(frame, 0, this.#random.pick([4097, 2 ** 20 + 1, 2 ** 31, 2 ** 32 - 1]));
    return frame;
  }

  /** A header that does not hold its own parts. */
  unsound() {
    const frame = frameOf(this.junk(8), this.#random.pick(KINDS));
    if (this.int(2) === 0) setSize(frame, 0, this.int(HEADER_BYTES));
    else frame.writeUInt16LE(100 + this.int(60_000), 28);
    return frame;
  }
}
