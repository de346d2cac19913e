import type { Location, PeerInfo } from "@elpis/api";
import { hashText } from "./balance.ts";
import type { Route, Topic } from "./directory.ts";
import type { ClassTraffic, Traffic, TrafficClass } from "./traffic.ts";

/** What the router needs of the connection to a peer. */
export interface PeerPort {
  /** Bytes that wait for this peer. */
  readonly queuedBytes: number;
  /** How many bytes were ever pushed: where the next ones will stand. */
  readonly position: number;
  /** Adds bytes that are not touched any more: whole frames, or parts of one in order. */
  push(bytes: Buffer): void;
  /** Adds a whole frame that may overtake what waits, but nothing that was pushed before the position `after`. */
  pushUrgent(frame: Buffer, after: number): void;
  /** Ends the connection and says why. */
  close(code: string, reason: string): void;
}

/** What a listener wants done with events when too much waits for it. */
export type OverflowRule = "drop-old" | "disconnect";

const NO_HANDLES: ReadonlyMap<never, never> = new Map<never, never>();
const NONE: ReadonlySet<never> = new Set<never>();
const NO_RECORDS: readonly Buffer[] = [];

/** What is special about a peer. */
export interface Traits {
  /** It is the peer of the process that hosts the hub. @default false */
  readonly isHost?: boolean;
  /** It reads bodies with records. @default false */
  readonly readsRecords?: boolean;
}

/** A peer as the router keeps it. What most peers never need is made at its first use. */
export class Peer {
  readonly location: Location;
  readonly port: PeerPort;
  /** Where its figures stand. */
  readonly row: number;
  /** It is the peer of the process that hosts the hub. */
  readonly isHost: boolean;
  /** It reads bodies with records. */
  readonly readsRecords: boolean;
  /** What it says of itself. */
  saysReady: boolean;
  /** Whoever hosts the hub has taken it out of rotation, whatever it says. */
  isAside = false;
  /** Told of every change among the peers. */
  watching = false;
  /** Something waits for its queue to become shorter: see Delivery. */
  isHeldUp = false;
  readonly routes: Array<Route | undefined> = [];
  /** What it asked and has no answer to yet, by the correlation it chose: a call, or the calls of a map. */
  readonly asked: Array<number | number[] | undefined> = [];
  /** Calls it was given and has not answered. */
  openCalls = 0;
  #listens: Set<Topic> | undefined;
  /** By number of topic. */
  #rules: Map<number, OverflowRule> | undefined;
  #handles: Map<Topic, number> | undefined;
  /** By number of a peer that this one can name: how many of its records it knows. */
  #knows: Map<number, number> | undefined;
  #records: Buffer[] | undefined;
  #recordBytes = 0;
  #seed: number | undefined;

  constructor(
    location: Location,
    port: PeerPort,
    ready: boolean,
    row: number,
    traits: Traits = {},
  ) {
    const { isHost = false, readsRecords = false } = traits;
    this.location = location;
    this.port = port;
    this.saysReady = ready;
    this.row = row;
    this.isHost = isHost;
    this.readsRecords = readsRecords;
  }

  /** Whether it is to be given work. */
  get ready(): boolean {
    return this.saysReady && !this.isAside;
  }

  /** Topics whose events it wants. */
  get listens(): ReadonlySet<Topic> {
    return this.#listens ?? NONE;
  }

  /** Topics that it handles, each with its weight. */
  get handles(): ReadonlyMap<Topic, number> {
    return this.#handles ?? NO_HANDLES;
  }

  /** The frames with which it declared its records. */
  get records(): readonly Buffer[] {
    return this.#records ?? NO_RECORDS;
  }

  /** Their bytes. */
  get recordBytes(): number {
    return this.#recordBytes;
  }

  /** A number for its name and index: the same for every start of it. */
  get seed(): number {
    this.#seed ??= hashText(`${this.location.name}.${this.location.index}`);
    return this.#seed;
  }

  get info(): PeerInfo {
    return { ...this.location, ready: this.ready };
  }

  knows(id: number): boolean {
    return this.#knows?.has(id) === true;
  }

  /** Whether that is new. */
  learn(id: number): boolean {
    this.#knows ??= new Map();
    if (this.#knows.has(id)) return false;
    this.#knows.set(id, 0);
    return true;
  }

  /** How many records of that peer it knows. */
  recordsKnown(id: number): number {
    return this.#knows?.get(id) ?? 0;
  }

  learnRecords(id: number, count: number): void {
    this.#knows?.set(id, count);
  }

  addRecord(frame: Buffer): void {
    this.#records ??= [];
    this.#records.push(frame);
    this.#recordBytes += frame.length;
  }

  /** Whether it was known. */
  unlearn(id: number): boolean {
    return this.#knows?.delete(id) === true;
  }

  /** What it wants done with events of a topic when they are too many. */
  ruleFor(topicId: number): OverflowRule | undefined {
    return this.#rules?.get(topicId);
  }

  setListens(topic: Topic, rule: OverflowRule | undefined): void {
    this.#listens ??= new Set();
    this.#listens.add(topic);
    this.#rules?.delete(topic.id);
    if (rule === undefined) return;
    this.#rules ??= new Map();
    this.#rules.set(topic.id, rule);
  }

  setHandles(topic: Topic, weight: number): void {
    this.#handles ??= new Map();
    this.#handles.set(topic, weight);
  }

  /** Whether it was there. */
  drop(topic: Topic, asHandler: boolean): boolean {
    if (!asHandler) this.#rules?.delete(topic.id);
    return (asHandler ? this.#handles : this.#listens)?.delete(topic) === true;
  }
}

/** Everything about a peer for whoever looks at the hub. */
export interface PeerStats extends PeerInfo {
  /** All classes together. */
  readonly framesIn: number;
  readonly framesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Frames that were not delivered to it because too much waited. */
  readonly dropped: number;
  readonly classes: Readonly<Record<TrafficClass, ClassTraffic>>;
  /** Bytes that wait for it. */
  readonly queuedBytes: number;
  /** Calls it was given and has not answered. */
  readonly openCalls: number;
  /** Calls it made and has no answer to. */
  readonly askedCalls: number;
  /** Topics that it listens to or handles. */
  readonly topics: number;
  /** Routes that it has declared. */
  readonly routes: number;
}

/** The figures of one peer. */
export function peerStats(peer: Peer, traffic: Traffic): PeerStats {
  const classes = traffic.read(peer.row);
  const sum = (figure: keyof ClassTraffic): number =>
    Object.values(classes).reduce((total, one) => total + one[figure], 0);
  const { asked, routes, openCalls, port } = peer;
  return {
    ...peer.info,
    framesIn: sum("framesIn"),
    framesOut: sum("framesOut"),
    bytesIn: sum("bytesIn"),
    bytesOut: sum("bytesOut"),
    dropped: sum("dropped"),
    classes,
    queuedBytes: port.queuedBytes,
    openCalls,
    askedCalls: asked.reduce<number>(
      (total, calls) => total + (typeof calls === "number" ? 1 : (calls?.length ?? 0)),
      0,
    ),
    topics: peer.listens.size + peer.handles.size,
    routes: routes.filter((route) => route !== undefined).length,
  };
}
