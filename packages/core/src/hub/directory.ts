import { matches, type Selector } from "@elpis/api";
import type { Peer } from "./peer.ts";

/** A topic and who listens to it. Lists are replaced, never changed, so that one may be held while it is walked. */
export class Topic {
  readonly id: number;
  readonly name: string;
  listeners: readonly Peer[] = [];
  handlers: readonly Peer[] = [];
  /** Routes, listeners and handlers that need it. */
  uses = 0;

  constructor(id: number, name: string) {
    this.id = id;
    this.name = name;
  }
}

/** What a verb needs of a route. */
export type Audience = "event" | "consume" | "request";

/** A topic and a selector under a number that one peer declared; knows whom it means without a search. */
export class Route {
  readonly topic: Topic;
  readonly #selector: Selector | undefined;
  readonly #owner: Peer;
  readonly #directory: Directory;
  #version = -1;
  #event: readonly Peer[] = [];
  #consume: readonly Peer[] = [];
  #request: readonly Peer[] = [];
  #turn: number;

  constructor(owner: Peer, topic: Topic, selector: Selector | undefined, directory: Directory) {
    this.topic = topic;
    this.#owner = owner;
    this.#selector = selector;
    this.#directory = directory;
    // Many peers that each ask once should not all begin with the same one.
    this.#turn = owner.location.id;
  }

  /** The peers that an event, a consume, or a request on this route may go to. */
  audience(verb: Audience): readonly Peer[] {
    if (this.#version !== this.#directory.version) this.#refresh();
    if (verb === "event") return this.#event;
    return verb === "request" ? this.#request : this.#consume;
  }

  /** One of the audience, in turn. */
  pick(verb: Audience): Peer | undefined {
    const audience = this.audience(verb);
    if (audience.length < 2) return audience[0];
    this.#turn = (this.#turn + 1) % audience.length;
    return audience[this.#turn];
  }

  #refresh(): void {
    this.#version = this.#directory.version;
    const meant = (peer: Peer): boolean => matches(this.#selector, peer.location);
    // Whoever names a peer by its number means that one, ready or not.
    const byId = this.#selector?.id !== undefined;
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
  /** Changes whenever an audience may have. */
  version = 0;

  constructor(maxTopics: number) {
    this.#maxTopics = maxTopics;
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

  /** A route needs the topic. */
  retain(topic: Topic): void {
    topic.uses++;
  }

  /** A route, listener or handler no longer does; a topic that nobody needs is forgotten. */
  release(topic: Topic): void {
    topic.uses--;
    if (topic.uses === 0) this.#topics.delete(topic.name);
  }

  listen(peer: Peer, topic: Topic, asHandler: boolean): void {
    const mine = asHandler ? peer.handles : peer.listens;
    if (mine.has(topic)) return;
    mine.add(topic);
    topic.uses++;
    if (asHandler) topic.handlers = [...topic.handlers, peer];
    else topic.listeners = [...topic.listeners, peer];
    this.version++;
  }

  unlisten(peer: Peer, topic: Topic, asHandler: boolean): void {
    const mine = asHandler ? peer.handles : peer.listens;
    if (!mine.delete(topic)) return;
    if (asHandler) topic.handlers = topic.handlers.filter((other) => other !== peer);
    else topic.listeners = topic.listeners.filter((other) => other !== peer);
    this.version++;
    this.release(topic);
  }

  forget(peer: Peer): void {
    for (const topic of [...peer.listens]) this.unlisten(peer, topic, false);
    for (const topic of [...peer.handles]) this.unlisten(peer, topic, true);
    for (const route of peer.routes) if (route !== undefined) this.release(route.topic);
    this.version++;
  }
}
