import type { BalancePolicy } from "../config/types.ts";
import { createBalancer, type HandedPolicy } from "./balance.ts";
import type { BoundHandle, ConnectionHandle } from "./bound-handle.ts";
import { HandOver, type HandOverCounters, Taker, type Waiting } from "./hand-over.ts";
import { type ConnectionAnswer, PORT_COMMAND } from "./port-messages.ts";
import type { LossCause, WorkerChannel } from "./worker-channel.ts";

/** So many connections of one port wait for a worker; each costs the master a descriptor. */
const MAX_WAITING = 4096;
/** How long a worker without a free descriptor is left alone. */
const FULL_MS = 100;

/** A worker that takes connections of a port, and the way to it. */
export class PortTaker extends Taker<ConnectionHandle> {
  readonly channel: WorkerChannel;
  /** The worker's number for its listen. */
  readonly seq: number;

  constructor(parts: {
    readonly index: number;
    readonly age: number;
    readonly channel: WorkerChannel;
    readonly seq: number;
  }) {
    super(parts.index, parts.age);
    this.channel = parts.channel;
    this.seq = parts.seq;
  }
}

/** Whether connections of processes with this policy are accepted by the master. */
export function isHanded(policy: BalancePolicy): policy is HandedPolicy {
  return policy.kind !== "kernel" && policy.kind !== "reuse-port";
}

/** A port on which the master accepts, to hand each connection to a worker. */
export class HandedPort {
  readonly handOver: HandOver<ConnectionHandle>;
  readonly #handle: BoundHandle;
  #policy: HandedPolicy;

  constructor(handle: BoundHandle, policy: HandedPolicy, counters: HandOverCounters) {
    this.#handle = handle;
    this.#policy = policy;
    this.handOver = new HandOver({
      balancer: createBalancer(policy),
      edge: {
        hand: (waiting, taker) => this.#hand(waiting, taker as PortTaker),
        letGo: (connection) => connection.close(),
        close: (connection) => connection.close(),
      },
      maxWaiting: MAX_WAITING,
      counters,
    });
  }

  /** Whether workers have to tell of connections that have closed. */
  get isCounted(): boolean {
    return this.#policy.kind === "least-connections";
  }

  /** Begins to accept. Returns the system's (negative) error number, or 0. */
  listen(backlog: number): number {
    return this.#handle.listen(backlog, (connection) => {
      // The system has given up on it already: there are no descriptors left.
      if (connection === undefined) this.handOver.counters.closed += 1;
      else this.handOver.arrive(connection, this.#clientOf(connection));
    });
  }

  /** Goes by another policy from the next connection on. */
  balanceBy(policy: HandedPolicy): void {
    if (JSON.stringify(policy) === JSON.stringify(this.#policy)) return;
    this.#policy = policy;
    this.handOver.balancer = createBalancer(policy);
  }

  /** A worker tells what has become of a connection. */
  answered(taker: PortTaker, { what, id }: ConnectionAnswer, handle: unknown): void {
    if (what === "taken") this.handOver.acknowledged(taker, id);
    else if (what === "refused") this.handOver.refused(taker, id, "stopped");
    else if (isConnection(handle)) this.handOver.returned(taker, handle, this.#clientOf(handle));
  }

  /** Accepts no more; what was accepted is still served if there is anybody to do so. */
  shut(): void {
    this.#handle.close();
    this.handOver.shut();
  }

  /** The same, after what is in line already. */
  shutSoon(): void {
    // With the socket those in line would be reset. Two turns have one look at the network between them.
    setImmediate(() => setImmediate(() => this.shut()));
  }

  /** Closes everything at once. */
  end(): void {
    this.#handle.close();
    this.handOver.end();
  }

  #hand({ connection, id }: Waiting<ConnectionHandle>, taker: PortTaker): void {
    const note = { cmd: PORT_COMMAND, what: "connection", seq: taker.seq, id } as const;
    taker.channel.send(note, connection, (cause) => this.#lost(taker, id, cause));
  }

  #lost(taker: PortTaker, id: number, cause: LossCause): void {
    if (cause === "ended") {
      this.handOver.refused(taker, id, "stopped");
      return;
    }
    this.handOver.refused(taker, id, "full");
    setTimeout(() => this.handOver.exclude(taker, "full", false), FULL_MS).unref();
  }

  #clientOf(connection: ConnectionHandle): string {
    if (this.#policy.kind !== "sticky") return "";
    const out: { address?: string } = {};
    connection.getpeername(out);
    // The same client, whichever kind of address the port was asked for with.
    return (out.address ?? "").replace(/^::ffff:(?=\d+\.)/, "");
  }
}

function isConnection(handle: unknown): handle is ConnectionHandle {
  return typeof (handle as Partial<ConnectionHandle> | undefined)?.getpeername === "function";
}
