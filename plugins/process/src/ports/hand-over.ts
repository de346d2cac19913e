import type { Balancer, Candidate } from "./balance.ts";

/** A connection that was accepted and that no worker has acknowledged. */
export interface Waiting<Connection> {
  readonly connection: Connection;
  readonly id: number;
  /** Address of the other side, for those who balance by it. */
  readonly client: string;
}

/** What is to be done with connections. */
export interface HandOverEdge<Connection> {
  /** Offer it to a worker. A copy is kept until the worker has answered. */
  hand(waiting: Waiting<Connection>, taker: Taker<Connection>): void;
  /** A worker has it: the copy is of no use any more. */
  letGo(connection: Connection): void;
  /** Nobody will have it. */
  close(connection: Connection): void;
}

/** Why a worker gets nothing new. */
export type Exclusion = "silent" | "unwell" | "leaving" | "full";

/** How many connections have come to where. */
export interface HandOverCounters {
  /** Taken from the system. */
  accepted: number;
  /** Acknowledged by a worker. */
  handed: number;
  /** Offered again because the worker they were offered to died, could not take them, or gave them back. */
  rehanded: number;
  /** Closed because nobody could take them, or because too many were waiting. */
  closed: number;
}

/** A worker that takes connections of one port. To be changed by {@link HandOver} only. */
export class Taker<Connection> implements Candidate {
  readonly index: number;
  readonly age: number;
  readonly excluded: Set<Exclusion> = new Set();
  /** Connections that wait for it, and for nobody else. */
  readonly lane: Waiting<Connection>[] = [];
  /** What it was offered and has not answered: one at a time, so that one that is frozen holds no more. */
  inFlight: Waiting<Connection> | undefined;
  lastTurn = 0;
  /** Acknowledged, and not yet told as closed. */
  open = 0;

  constructor(index: number, age: number) {
    this.index = index;
    this.age = age;
  }

  get load(): number {
    return this.open + this.lane.length + (this.inFlight === undefined ? 0 : 1);
  }
}

/**
 * Knows of every connection of one port where it is: waiting, offered to one worker, acknowledged, or closed; never at
 * two of these. It decides only; sockets and processes are the edge's.
 */
export class HandOver<Connection> {
  readonly counters: HandOverCounters;
  balancer: Balancer;
  readonly #edge: HandOverEdge<Connection>;
  readonly #maxWaiting: number;
  readonly #takers = new Set<Taker<Connection>>();
  /** Those who do not take any more and have not answered yet. */
  readonly #answering = new Set<Taker<Connection>>();
  /** Connections that wait for anybody, in the order in which they came. */
  #common: Waiting<Connection>[] = [];
  #ready: readonly Taker<Connection>[] = [];
  #nextId = 1;
  #turn = 0;
  #shut = false;

  constructor(parts: {
    readonly balancer: Balancer;
    readonly edge: HandOverEdge<Connection>;
    readonly maxWaiting: number;
    readonly counters: HandOverCounters;
  }) {
    this.balancer = parts.balancer;
    this.#edge = parts.edge;
    this.#maxWaiting = parts.maxWaiting;
    this.counters = parts.counters;
  }

  /** Connections that no worker was offered, or that none has acknowledged. */
  get waiting(): number {
    let sum = this.#common.length;
    for (const one of this.#takers) sum += one.load - one.open;
    for (const one of this.#answering) sum += one.load - one.open;
    return sum;
  }

  /** A worker comes; what has waited for one is offered to it. */
  join(taker: Taker<Connection>): void {
    this.#takers.add(taker);
    this.#refresh();
  }

  /** A new connection. */
  arrive(connection: Connection, client: string): void {
    this.counters.accepted += 1;
    if (this.#shut || this.#queued >= this.#maxWaiting) this.#close(connection);
    else this.#enter({ connection, client, id: this.#nextId++ });
  }

  /** A worker has it now. */
  acknowledged(taker: Taker<Connection>, id: number): void {
    const { inFlight } = taker;
    if (inFlight?.id !== id) return;
    taker.inFlight = undefined;
    taker.open += 1;
    this.counters.handed += 1;
    this.#edge.letGo(inFlight.connection);
    this.#freed(taker);
  }

  /** A worker has not read it, and will not. What it does with the next one is `then`: it may never take another. */
  refused(taker: Taker<Connection>, id: number, then: "full" | "stopped"): void {
    const { inFlight } = taker;
    if (inFlight?.id !== id) return;
    taker.inFlight = undefined;
    if (then === "full") taker.excluded.add("full");
    else this.#takers.delete(taker);
    this.#answering.delete(taker);
    this.#refreshWith([inFlight, ...taker.lane.splice(0)]);
    this.counters.rehanded += 1;
  }

  /** A worker gives back, unread, what it had acknowledged. */
  returned(taker: Taker<Connection>, connection: Connection, client: string): void {
    taker.open = Math.max(0, taker.open - 1);
    this.counters.rehanded += 1;
    this.#enter({ connection, client, id: this.#nextId++ });
    this.#settle();
  }

  /** Connections that a worker had are closed. */
  ended(taker: Taker<Connection>, count: number): void {
    taker.open = Math.max(0, taker.open - count);
  }

  /** For a reason a worker gets nothing new; or that reason is over. What it was offered is still its own. */
  exclude(taker: Taker<Connection>, why: Exclusion, is: boolean): void {
    if (is) taker.excluded.add(why);
    else taker.excluded.delete(why);
    this.#refresh();
  }

  /** A worker takes no more; what it was offered it will still answer. */
  stop(taker: Taker<Connection>): void {
    if (!this.#takers.delete(taker)) return;
    if (taker.inFlight !== undefined) this.#answering.add(taker);
    this.#refreshWith(taker.lane.splice(0));
  }

  /** A worker is dead, or cannot be heard any more: what it has not acknowledged was never read. */
  gone(taker: Taker<Connection>): void {
    this.#takers.delete(taker);
    this.#answering.delete(taker);
    const { inFlight } = taker;
    taker.inFlight = undefined;
    taker.open = 0;
    if (inFlight !== undefined) this.counters.rehanded += 1;
    const own = inFlight === undefined ? [] : [inFlight];
    this.#refreshWith([...own, ...taker.lane.splice(0)]);
  }

  /** No more connections come. Those that are there are still offered, as long as there is a worker. */
  shut(): void {
    this.#shut = true;
    this.#refresh();
  }

  /** Closes whatever waits, or is not acknowledged. */
  end(): void {
    this.#shut = true;
    for (const taker of [...this.#takers, ...this.#answering]) {
      if (taker.inFlight !== undefined) this.#close(taker.inFlight.connection);
      taker.inFlight = undefined;
      for (const { connection } of taker.lane.splice(0)) this.#close(connection);
    }
    this.#takers.clear();
    this.#answering.clear();
    this.#refresh();
  }

  get #queued(): number {
    let sum = this.#common.length;
    for (const { lane } of this.#takers) sum += lane.length;
    return sum;
  }

  /** Those that come back go first: they have waited longest. */
  #refreshWith(first: readonly Waiting<Connection>[]): void {
    this.#common = [...first, ...this.#common];
    this.#refresh();
  }

  /** Who takes connections has changed. */
  #refresh(): void {
    const ready = [...this.#takers].filter((one) => this.#isReady(one));
    // When nobody is well, an answer that says so is better than none.
    this.#ready = ready.length > 0 ? ready : [...this.#takers].filter(isOnlyUnwell);
    // What waits for one who gets nothing new waits for anybody now.
    for (const one of this.#takers) {
      if (!this.#ready.includes(one)) this.#common.unshift(...one.lane.splice(0));
    }
    this.#offer();
    this.#settle();
  }

  #isReady({ excluded }: Taker<Connection>): boolean {
    // When nobody is going to come, one that leaves is better than none.
    return excluded.size === 0 || (this.#shut && excluded.size === 1 && excluded.has("leaving"));
  }

  #enter(waiting: Waiting<Connection>): void {
    if (this.#common.length > 0 || !this.#place(waiting)) this.#common.push(waiting);
  }

  #freed(taker: Taker<Connection>): void {
    this.#answering.delete(taker);
    const next = taker.lane.shift();
    if (next !== undefined) this.#hand(next, taker);
    else this.#offer();
  }

  #offer(): void {
    let placed = 0;
    while (placed < this.#common.length) {
      if (!this.#place(this.#common[placed] as Waiting<Connection>)) break;
      placed += 1;
    }
    if (placed > 0) this.#common.splice(0, placed);
  }

  #place(waiting: Waiting<Connection>): boolean {
    const { patience } = this.balancer;
    const able = this.#ready.filter(
      ({ inFlight, lane }) => inFlight === undefined || lane.length < patience,
    );
    if (able.length === 0) return false;
    const taker = this.balancer.choose(able, waiting.client);
    taker.lastTurn = ++this.#turn;
    if (taker.inFlight === undefined) this.#hand(waiting, taker);
    else taker.lane.push(waiting);
    return true;
  }

  #hand(waiting: Waiting<Connection>, taker: Taker<Connection>): void {
    taker.inFlight = waiting;
    this.#edge.hand(waiting, taker);
  }

  /** Nobody is there, and nobody comes: what waits has waited in vain. */
  #settle(): void {
    if (!this.#shut || this.#takers.size > 0) return;
    for (const { connection } of this.#common.splice(0)) this.#close(connection);
  }

  #close(connection: Connection): void {
    this.counters.closed += 1;
    this.#edge.close(connection);
  }
}

function isOnlyUnwell({ excluded }: { readonly excluded: ReadonlySet<Exclusion> }): boolean {
  return excluded.size === 1 && excluded.has("unwell");
}
