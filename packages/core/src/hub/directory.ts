import { matches, type Selector } from "@elpis/api";
import type { BalanceName } from "@elpis/protocol";
import { makePicker, type Picker } from "./balance.ts";
import type { OverflowRule, Peer } from "./peer.ts";

/** A topic and who listens to it. Lists are replaced, never changed, so that one may be held while it is walked. */
export class Topic {
  readonly id: number;
  readonly name: string;
  listeners: readonly Peer[] = [];
  handlers: readonly Peer[] = [];
  /** Routes, listeners, handlers and kept messages that need it. */
  uses = 0;
  /** Changes whenever an audience may have. */
  version = 0;

  constructor(id: number, name: string) {
    this.id = id;
    this.name = name;
  }
}

/** What a verb needs of a route. */
export type Audience = "event" | "consume" | "request";

/** What a peer declared under one of its numbers. */
export interface RouteTarget {
  readonly topic: Topic;
  readonly to?: Selector | undefined;
  readonly balance?: BalanceName | undefined;
}

/** A topic and a selector under a number that one peer declared; knows whom it means without a search. */
export class Route {
  readonly topic: Topic;
  readonly #target: RouteTarget;
  readonly #owner: Peer;
  readonly #directory: Directory;
  #version = -1;
  #event: readonly Peer[] = [];
  #consume: readonly Peer[] = [];
  #request: readonly Peer[] = [];
  #askPicker: Picker | undefined;
  #consumePicker: Picker | undefined;

  constructor(owner: Peer, target: RouteTarget, directory: Directory) {
    this.topic = target.topic;
    this.#owner = owner;
    this.#target = target;
    this.#directory = directory;
  }

  /** The header's `target` is not a peer but the hash of a key. */
  get isHashed(): boolean {
    return this.#target.balance === "hash";
  }

  /** The peers that an event, a consume, or a request on this route may go to. */
  audience(verb: Audience): readonly Peer[] {
    if (this.#version !== this.topic.version) this.#refresh();
    if (verb === "event") return this.#event;
    return verb === "request" ? this.#request : this.#consume;
  }

  /** One of the audience. @param key what `hash` goes by */
  pick(verb: Audience, key: number): Peer | undefined {
    const audience = this.audience(verb);
    if (audience.length < 2) return audience[0];
    return verb === "consume"
      ? this.#pickerOfConsume()(audience, key)
      : this.#pickerOfRequest()(audience, key);
  }

  #pickerOfRequest(): Picker {
    this.#askPicker ??= this.#picker("round-robin");
    return this.#askPicker;
  }

  #pickerOfConsume(): Picker {
    this.#consumePicker ??= this.#picker("least-busy");
    return this.#consumePicker;
  }

  #picker(byDefault: BalanceName): Picker {
    const { balance = byDefault, topic } = this.#target;
    return makePicker(
      balance,
      this.#owner.location.id,
      (peer) => peer.handles.get(topic) ?? 1,
      () => this.#directory.random(),
    );
  }

  #refresh(): void {
    this.#version = this.topic.version;
    const { to } = this.#target;
    const meant = (peer: Peer): boolean => matches(to, peer.location);
    // Whoever names a peer by its number means that one, ready or not.
    const byId = to?.id !== undefined;
    const working = (peer: Peer): boolean => meant(peer) && (byId || peer.ready);
    this.#event = this.topic.listeners.filter((peer) => peer !== this.#owner && meant(peer));
    this.#consume = this.topic.listeners.filter(working);
    this.#request = this.topic.handlers.filter(working);
  }
}

/** All topics, and who listens to them. */
export class Directory {
  readonly #topics = new Map<string, Topic>();
  readonly #maxTopics: number;
  #nextId = 1;
  /** In [0, 1). */
  readonly random: () => number;

  constructor(maxTopics: number, random: () => number = Math.random) {
    this.#maxTopics = maxTopics;
    this.random = random;
  }

  /** Topics that somebody needs. */
  get size(): number {
    return this.#topics.size;
  }

  /** The topic with that name, made when it is new; undefined when there are too many already. */
  topic(name: string): Topic | undefined {
    let topic = this.#topics.get(name);
    if (topic === undefined && this.#topics.size < this.#maxTopics) {
      topic = new Topic(this.#nextId++, name);
      this.#topics.set(name, topic);
    }
    return topic;
  }

  /** The topic with that name, where anybody needs it. */
  find(name: string): Topic | undefined {
    return this.#topics.get(name);
  }

  /** Whether the peer listens to, or handles, the topic with that name. */
  knows(peer: Peer, name: string, asHandler: boolean): boolean {
    const topic = this.#topics.get(name);
    return topic !== undefined && (asHandler ? peer.handles : peer.listens).has(topic);
  }

  /** The peer takes work now, or no more. */
  touch(peer: Peer): void {
    for (const topic of peer.listens) topic.version++;
    for (const topic of peer.handles.keys()) topic.version++;
  }

  /** A route, or a message that is kept, needs the topic. */
  retain(topic: Topic): void {
    topic.uses++;
  }

  /** Somebody no longer does; a topic that nobody needs is forgotten. */
  release(topic: Topic): void {
    topic.uses--;
    if (topic.uses === 0) this.#topics.delete(topic.name);
  }

  listen(peer: Peer, topic: Topic, rule: OverflowRule | undefined): void {
    if (!peer.listens.has(topic)) {
      topic.uses++;
      topic.listeners = [...topic.listeners, peer];
      topic.version++;
    }
    peer.setListens(topic, rule);
  }

  handle(peer: Peer, topic: Topic, weight: number): void {
    if (!peer.handles.has(topic)) {
      topic.uses++;
      topic.handlers = [...topic.handlers, peer];
      topic.version++;
    }
    peer.setHandles(topic, weight);
  }

  unlisten(peer: Peer, topic: Topic, asHandler: boolean): void {
    if (!peer.drop(topic, asHandler)) return;
    if (asHandler) topic.handlers = topic.handlers.filter((other) => other !== peer);
    else topic.listeners = topic.listeners.filter((other) => other !== peer);
    topic.version++;
    this.release(topic);
  }

  forget(peer: Peer): void {
    for (const topic of [...peer.listens]) this.unlisten(peer, topic, false);
    for (const topic of [...peer.handles.keys()]) this.unlisten(peer, topic, true);
    for (const route of peer.routes) if (route !== undefined) this.release(route.topic);
  }
}
