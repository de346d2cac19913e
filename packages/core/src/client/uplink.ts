import {
  type ConnectionChange,
  type DroppedEvents,
  type ElpisError,
  errorToData,
  type HubTracing,
  type Location,
  type Logger,
  type Off,
  type PeerChange,
  type PeerInfo,
  type Selector,
} from "@elpis/api";
import { emptyFrame, Flag, Kind, setFlags } from "@elpis/protocol";
import { hubAway, hubClosed } from "../errors.ts";
import { Hooks } from "./hooks.ts";
import { KeptCalls } from "./kept-calls.ts";
import { PeerBook } from "./peer-book.ts";
import { type Dial, isRefusal, Redial } from "./redial.ts";
import { Services } from "./services.ts";
import type { PackedCall, Session, SessionHost } from "./session.ts";
import type { Waiter } from "./waiters.ts";

/** How long until the list of peers is asked for again when it could not be had, in milliseconds. */
const WATCH_RETRY_MS = 100;

/** The connection is lost and may come back. */
interface Away {
  readonly error: ElpisError;
  readonly since: number;
}

/**
 * The way to the hub, over one connection after the other. It keeps what has to be said again on each of them: handlers
 * and listeners, readiness, the watch of peers, and calls that may wait.
 */
export class Uplink implements SessionHost {
  readonly log: Logger;
  readonly services: Services;
  readonly book: PeerBook;
  /** Resolves when there is no connection and will be none. */
  readonly closed: Promise<ElpisError | undefined>;
  /** The present connection. */
  session: Session | undefined;
  #location: Location | undefined;
  #run: string | undefined;
  #attachedAt = 0;
  #redial: Redial | undefined;
  #away: Away | undefined;
  #end: ElpisError | undefined;
  #isLeaving = false;
  #isWatching = false;
  #ready: boolean | undefined;
  #kept: KeptCalls | undefined;
  #changes: Hooks<ConnectionChange> | undefined;
  #drops: Hooks<DroppedEvents> | undefined;
  #resolveClosed: (cause: ElpisError | undefined) => void = () => {};

  constructor(log: Logger) {
    this.log = log;
    this.services = new Services(log);
    this.book = new PeerBook((error) => {
      log.error("a watcher of peers failed", { error: errorToData(error, true) });
    });
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  /** Who this peer is, or was on its last connection. */
  /** Who follows messages; undefined: nobody, and nothing is done for it. */
  get tracing(): HubTracing | undefined {
    return this.services.tracing;
  }
  set tracing(tracing: HubTracing | undefined) {
    this.services.tracing = tracing;
  }

  get location(): Location {
    if (this.#location === undefined) throw this.why();
    return this.#location;
  }

  get connected(): boolean {
    return this.session !== undefined && !this.#isLeaving;
  }

  /** From now on a connection that is lost is made again. */
  redialWith(dial: Dial): void {
    this.#redial = new Redial(dial, (error) => this.#finish(error));
  }

  /** The hub has let this peer in. */
  attach(session: Session): void {
    if (this.#end !== undefined || this.#isLeaving) return session.leave();
    const away = this.#away;
    const restarted = session.run !== this.#run;
    this.session = session;
    this.#away = undefined;
    this.#location = session.location;
    this.#run = session.run;
    this.#attachedAt = performance.now();
    if (away !== undefined && restarted) this.book.otherHub();
    // Nobody is to be asked before it takes work, or to be passed over once it can be.
    if (this.#ready === false) this.#sayReady(false);
    this.services.attach(session);
    if (this.#ready === true) this.#sayReady(true);
    if (this.#isWatching) this.#watch();
    this.#kept?.sendTo(session);
    if (away === undefined) return;
    const gapMs = this.#attachedAt - away.since;
    this.#changes?.tell({ type: "back", location: session.location, gapMs, restarted });
  }

  lost(session: Session, cause: ElpisError): ElpisError {
    if (session !== this.session) return cause;
    this.session = undefined;
    this.services.detach();
    const redial = this.#redial;
    if (this.#isLeaving || redial === undefined || isRefusal(cause)) {
      if (!this.#isLeaving) this.#changes?.tell({ type: "lost", cause });
      this.#finish(cause);
      return cause;
    }
    const error = hubAway(cause);
    this.#away = { error, since: performance.now() };
    this.book.lost();
    redial.begin(this.#away.since - this.#attachedAt);
    this.#changes?.tell({ type: "lost", cause });
    return error;
  }

  dropped(topic: string, to: Location, count: number): void {
    this.#drops?.tell({ topic, to, count });
  }

  /** Why there is no connection. */
  why(): ElpisError {
    return this.#end ?? this.#away?.error ?? hubClosed("this peer left");
  }

  /** Keeps a call for the next connection. @throws ELPIS_HUB_CLOSED, ELPIS_HUB_OVERLOADED, ELPIS_HUB_CANCELLED */
  keep(call: PackedCall, waiter: Waiter, timeoutMs: number): void {
    if (this.#away === undefined || this.#isLeaving) throw this.why();
    this.#kept ??= new KeptCalls();
    this.#kept.add(call, waiter, timeoutMs);
  }

  peers(): Promise<PeerInfo[]> {
    this.services.flush();
    return this.session?.listPeers(0, () => {}) ?? Promise.reject(this.why());
  }

  watchPeers(listener: (change: PeerChange) => void, selector?: Selector): Off {
    const off = this.book.watch(listener, selector);
    if (!this.#isWatching) {
      this.#isWatching = true;
      this.#watch();
    }
    return off;
  }

  setReady(ready: boolean): void {
    this.#ready = ready;
    this.services.flush();
    this.#sayReady(ready);
  }

  onConnection(listener: (change: ConnectionChange) => void): Off {
    this.#changes ??= new Hooks("a listener to the connection", this.log);
    return this.#changes.add(listener);
  }

  onDropped(listener: (dropped: DroppedEvents) => void): Off {
    this.#drops ??= new Hooks("a listener to dropped events", this.log);
    return this.#drops.add(listener);
  }

  async close(): Promise<void> {
    if (!this.#isLeaving && this.#end === undefined) {
      this.#isLeaving = true;
      this.#redial?.stop();
      if (this.session === undefined) this.#finish(hubClosed("this peer left"));
      else this.session.leave();
    }
    await this.closed;
  }

  #finish(cause: ElpisError): void {
    this.#end = cause;
    this.#away = undefined;
    this.#kept?.giveUp(cause);
    this.#resolveClosed(this.#isLeaving ? undefined : cause);
  }

  #watch(): void {
    const { session } = this;
    session
      ?.listPeers(Flag.watch, (peers) => this.book.begin(peers))
      .catch(() => {
        // Whoever watches learns of the end of a connection elsewhere; anything else passes.
        if (this.session !== session) return;
        const again = (): void => {
          if (this.session === session) this.#watch();
        };
        setTimeout(again, WATCH_RETRY_MS).unref();
      });
  }

  #sayReady(ready: boolean): void {
    const frame = emptyFrame(Kind.state);
    setFlags(frame, 0, ready ? Flag.ready : 0);
    this.session?.send(frame);
  }
}
