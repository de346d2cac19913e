import type { Location, Selector } from "@elpis/api";
import {
  BodyCodec,
  bodyEnd,
  bodyStart,
  codeOf,
  correlationOf,
  emptyFrame,
  Flag,
  flagsOf,
  Kind,
  kindOf,
  remainingOf,
  setFlags,
  sizeOf,
  sourceOf,
  topicOf,
} from "@elpis/protocol";
import type { Peer, PeerPort, Traits } from "../../src/hub/peer.ts";
import type { Router } from "../../src/hub/router.ts";

/** A frame as a peer receives it. */
export interface Received {
  readonly kind: number;
  readonly code: number;
  readonly flags: number;
  readonly remaining: number;
  readonly topic: number;
  readonly correlation: number;
  readonly source: number;
  readonly body: unknown;
}

const codec = new BodyCodec();

/** A peer without a connection: what the router pushes to it is kept, what it says goes to the router directly. */
export class FakePeer implements PeerPort {
  queuedBytes = 0;
  position = 0;
  /** Of the frame that was said last, in bytes. */
  lastSize = 0;
  closedWith: string | undefined;
  readonly received: Received[] = [];
  readonly peer: Peer;
  readonly #router: Router;
  readonly #now: () => number;
  /** Frames said and not yet handed over. */
  #said: Buffer[] = [];
  #pieces: Buffer[] = [];

  constructor(
    router: Router,
    wish: Partial<Location> = {},
    now: () => number = () => 0,
    traits: Traits = {},
  ) {
    this.#router = router;
    this.#now = now;
    const location: Location = {
      id: router.reserveId(),
      app: "test",
      role: "worker",
      name: "web",
      index: 0,
      pid: 1,
      epoch: 1,
      ...wish,
    };
    this.peer = router.join(location, this, true, traits);
  }

  get id(): number {
    return this.peer.location.id;
  }

  push(bytes: Buffer): void {
    this.#pieces.push(Buffer.from(bytes));
    this.position += bytes.length;
  }

  pushUrgent(frame: Buffer): void {
    this.push(frame);
  }

  close(code: string): void {
    this.closedWith ??= code;
  }

  say(kind: number, topic = 0, correlation = 0, body?: unknown, options: SayOptions = {}): this {
    const { target = 0, remainingMs = 0, flags = 0 } = options;
    const frame =
      body === undefined
        ? emptyFrame(kind, topic, correlation, target, remainingMs)
        : codec.frame(body, kind as Kind, topic, correlation, target, remainingMs);
    if (flags !== 0) setFlags(frame, 0, flags);
    this.#said.push(Buffer.from(frame));
    this.lastSize = frame.length;
    return this;
  }

  route(number: number, topic: string, to?: Selector): this {
    return this.say(Kind.route, number, 0, to === undefined ? { topic } : { topic, to });
  }

  listen(topic: string): this {
    return this.say(Kind.listen, 0, 0, topic);
  }

  handle(topic: string): this {
    return this.say(Kind.listen, 0, 0, topic, { flags: Flag.handler });
  }

  setReady(ready: boolean): this {
    return this.say(Kind.state, 0, 0, undefined, { flags: ready ? Flag.ready : 0 });
  }

  /** Hands everything said to the router as one chunk. */
  flush(): this {
    const chunk = Buffer.concat(this.#said);
    this.#said = [];
    if (chunk.length > 0) this.#router.receive(this.peer, chunk, 0, chunk.length, this.#now());
    return this;
  }

  /** The frames that came since the last call, in order. */
  take(): Received[] {
    const chunk = Buffer.concat(this.#pieces);
    this.#pieces = [];
    const frames: Received[] = [];
    for (let at = 0; at < chunk.length; at += sizeOf(chunk, at)) frames.push(readFrame(chunk, at));
    this.received.push(...frames);
    return frames;
  }

  /** As {@link take}, messages only. */
  takeMessages(): Received[] {
    return this.take().filter((frame) => frame.kind >= Kind.event);
  }
}

export interface SayOptions {
  readonly target?: number;
  readonly remainingMs?: number;
  readonly flags?: number;
}

export function readFrame(chunk: Buffer, at: number): Received {
  const kind = kindOf(chunk, at);
  const start = bodyStart(chunk, at);
  const end = bodyEnd(chunk, at);
  return {
    kind,
    code: codeOf(chunk, at),
    flags: flagsOf(chunk, at),
    remaining: remainingOf(chunk, at),
    topic: topicOf(chunk, at),
    correlation: correlationOf(chunk, at),
    source: sourceOf(chunk, at),
    body: kind === Kind.mapPlan ? ids(chunk, start, end) : codec.unpack(chunk, start, end),
  };
}

function ids(chunk: Buffer, start: number, end: number): number[] {
  const found: number[] = [];
  for (let at = start; at < end; at += 4) found.push(chunk.readUInt32LE(at));
  return found;
}
