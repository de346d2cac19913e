import { hasCode } from "@elpis/api";
import {
  BodyCodec,
  bodyEnd,
  bodyStart,
  isForwarded,
  Kind,
  kindOf,
  MAX_HANDSHAKE_BYTES,
  PROTOCOL_VERSION,
  protocolError,
  Splitter,
  sizeOf,
  type Welcome,
} from "@elpis/protocol";
import { debug } from "../debug.ts";
import type { Link } from "../wire/link.ts";
import { Outbox } from "../wire/outbox.ts";
import { Admission, type Trust } from "./admission.ts";
import type { Peer, PeerPort } from "./peer.ts";
import type { Router } from "./router.ts";

/** How long a peer that is told to go has to read why, in milliseconds. */
const FAREWELL_MS = 1000;

const codec = new BodyCodec();
const trace = debug("hub");

/** What a connection needs of the hub it belongs to. */
export interface ConnectionHost {
  readonly name: string;
  readonly router: Router;
  readonly maxFrameBytes: number;
  readonly maxCalls: number;
  /** Names this run of the hub. */
  readonly run: string;
  /** Frames have come in, so that there may be a deadline to wait for. */
  onActivity(): void;
  /** The peer has proved who it is, or will not any more: one connection less is half-open. */
  onSettled(connection: Connection): void;
  /** The connection is over; `code` is why. */
  onClosed(connection: Connection, code: string): void;
}

/** One connection, from its first byte to its last: handshake, then frames to the router. */
export class Connection implements PeerPort {
  readonly #host: ConnectionHost;
  readonly #link: Link;
  readonly #outbox: Outbox;
  readonly #splitter: Splitter;
  /** Until the peer is admitted. */
  #admission: Admission | undefined;
  readonly #startsReady: boolean;
  readonly #isHost: boolean;
  #peer: Peer | undefined;
  #isSettled = false;
  readonly #startedMs = performance.now();
  #closeCode: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(host: ConnectionHost, link: Link, trust: Trust) {
    this.#host = host;
    this.#link = link;
    this.#outbox = new Outbox(link);
    this.#outbox.onDrain = () => {
      if (this.#peer?.isHeldUp === true) host.router.drained(this.#peer);
    };
    this.#admission = new Admission(trust, codec);
    this.#isHost = trust.by === "parentage" && trust.isHost === true;
    // A child says when it is ready; whoever comes from outside is, when it comes.
    this.#startsReady = trust.by === "secret" || this.#isHost;
    // Nobody gets memory for large frames before it is known who it is.
    this.#splitter = new Splitter(this, MAX_HANDSHAKE_BYTES);
    link.start(
      (chunk) => this.#onData(chunk),
      () => this.#onClose(),
    );
  }

  get peer(): Peer | undefined {
    return this.#peer;
  }

  get queuedBytes(): number {
    return this.#outbox.queuedBytes;
  }

  /** Closes the connection of a peer that has not proved who it is within `timeoutMs`; whether it has had its time. */
  closeIfLate(nowMs: number, timeoutMs: number): boolean {
    if (nowMs - this.#startedMs < timeoutMs) return false;
    this.close("ELPIS_PROTOCOL_AUTH", `no proof within ${timeoutMs} ms`);
    return true;
  }

  get position(): number {
    return this.#outbox.position;
  }

  push(bytes: Buffer): void {
    if (this.#closeCode === undefined) this.#outbox.push(bytes);
  }

  pushUrgent(frame: Buffer, after: number): void {
    if (this.#closeCode === undefined) this.#outbox.pushUrgent(frame, after);
  }

  close(code: string, reason: string): void {
    if (this.#closeCode !== undefined) return;
    trace?.("peer %d is closed: %s, %s", this.#peer?.location.id ?? 0, code, reason);
    this.#outbox.push(codec.frame({ code, reason }, Kind.goodbye, 0, 0, 0, 0));
    this.#outbox.flushAll();
    this.#closeCode = code;
    // Nobody is to be sent to it any more; later, because the router may be in the midst of a frame.
    queueMicrotask(() => this.#leave());
    this.#link.end();
    this.#timer = setTimeout(() => this.#link.destroy(), FAREWELL_MS);
    this.#timer.unref();
  }

  frames(chunk: Buffer, from: number, to: number): void {
    let at = from;
    while (this.#peer === undefined && at < to && this.#closeCode === undefined) {
      this.#admit(chunk, at);
      at += sizeOf(chunk, at);
    }
    if (this.#peer === undefined || this.#closeCode !== undefined || at === to) return;
    this.#host.router.receive(this.#peer, chunk, at, to, performance.now());
    this.#host.onActivity();
  }

  pieces(pieces: readonly Buffer[]): void {
    const first = pieces[0] as Buffer;
    if (this.#peer === undefined || !isForwarded(kindOf(first, 0))) {
      const whole = Buffer.concat(pieces);
      return this.frames(whole, 0, whole.length);
    }
    if (this.#closeCode !== undefined) return;
    this.#host.router.receivePieces(this.#peer, pieces, performance.now());
    this.#host.onActivity();
  }

  #admit(chunk: Buffer, at: number): void {
    const step = this.#admission?.step(kindOf(chunk, at), unpackControl(chunk, at));
    if (step === undefined) return;
    if (step.type === "send") return this.push(step.frame);
    this.#admission = undefined;
    const { name: hub, maxFrameBytes, maxCalls, router, run } = this.#host;
    const { location, readsRecords } = step;
    const welcome: Welcome = {
      protocol: PROTOCOL_VERSION,
      hub,
      location,
      maxFrameBytes,
      maxCalls,
      run,
    };
    this.push(codec.frame(welcome, Kind.welcome, 0, 0, 0, 0));
    this.#splitter.maxFrameBytes = maxFrameBytes;
    const traits = { isHost: this.#isHost, readsRecords };
    this.#peer = router.join(location, this, this.#startsReady, traits);
    this.#settle();
    trace?.("peer %d joined: %j", location.id, location);
  }

  #onData(chunk: Buffer): void {
    if (this.#closeCode !== undefined) return;
    try {
      this.#splitter.feed(chunk);
    } catch (error) {
      // Whatever a peer sends may end its own connection, never the hub.
      if (hasCode(error)) this.close(error.code, error.message);
      else this.close("ELPIS_PROTOCOL_INVALID", String(error));
    }
  }

  #leave(): void {
    if (this.#peer !== undefined) this.#host.router.leave(this.#peer);
  }

  #settle(): void {
    if (!this.#isSettled) this.#host.onSettled(this);
    this.#isSettled = true;
  }

  #onClose(): void {
    clearTimeout(this.#timer);
    this.#settle();
    this.#closeCode ??= "ELPIS_HUB_PEER_LOST";
    trace?.("peer %d is gone: %s", this.#peer?.location.id ?? 0, this.#closeCode);
    this.#leave();
    this.#host.onClosed(this, this.#closeCode);
  }
}

function unpackControl(chunk: Buffer, at: number): unknown {
  try {
    return codec.unpack(chunk, bodyStart(chunk, at), bodyEnd(chunk, at));
  } catch {
    throw protocolError("the body of a control frame is not msgpack");
  }
}
