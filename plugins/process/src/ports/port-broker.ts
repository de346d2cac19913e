import type { ChildProcess } from "node:child_process";
import { getSystemErrorMap } from "node:util";
import type { Logger } from "@elpis/api";
import type { BalancePolicy } from "../config/types.ts";
import type { Exclusion } from "./hand-over.ts";
import { isHanded, PortTaker } from "./handed-port.ts";
import {
  type ClosedNote,
  type ConnectionAnswer,
  type ListenAnswer,
  type ListenQuestion,
  PORT_COMMAND,
  type PortOffer,
  type ReleaseNote,
  type WorkerNote,
} from "./port-messages.ts";
import { modeOf, type OpenPort, type PortCounters, PortTable } from "./port-table.ts";
import { WorkerChannel } from "./worker-channel.ts";

/** How long after it is ready a worker may come to listen where its predecessor did. */
const PRUNE_MS = 5000;
/** How long after a worker had no descriptor for a listening socket it is sent once more. */
const RESEND_MS = 100;
/** How long after a worker has closed a server it is still known which one that was. */
const FORGET_MS = 10_000;

/** A worker as the broker sees it. */
export interface PortUser {
  /** Name of the process; its instances share their ports, and nobody else does. */
  readonly process: string;
  /** Of its instance; while it is replaced, two have the same. */
  readonly index: number;
  readonly child: ChildProcess;
  readonly balance: BalancePolicy;
}

/** One listen of a worker. */
interface Use {
  readonly port: OpenPort;
  /** There when the master accepts. */
  readonly taker: PortTaker | undefined;
}

interface Worker extends PortUser {
  readonly age: number;
  readonly channel: WorkerChannel;
  readonly excluded: Set<Exclusion>;
  readonly uses: Map<number, Use>;
}

/**
 * Holds the ports that workers listen on, so that they stay open while every worker is down. By policy of the process
 * it shares the bound socket, and the kernel gives each connection to a worker that accepts it; or it accepts, and
 * hands each connection over with tracking, so that none is lost with a worker that dies.
 */
export class PortBroker {
  readonly #log: Logger;
  readonly #table = new PortTable();
  readonly #workers = new Map<ChildProcess, Worker>();
  readonly #pruning = new Map<string, NodeJS.Timeout>();
  readonly #told = new Set<string>();
  #nextAge = 1;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** A worker was started: from now on its questions are answered. To be called once its channel is guarded. */
  join(user: PortUser): void {
    const channel = new WorkerChannel(user.child, {
      onNote: (note, handle) => this.#take(worker, note, handle),
      onSendError: (error) =>
        this.#log.debug("a worker was gone before what was sent to it", { error: error.message }),
    });
    const age = this.#nextAge++;
    const worker: Worker = { ...user, age, channel, excluded: new Set(), uses: new Map() };
    this.#workers.set(user.child, worker);
  }

  /**
   * A worker of an earlier master, which has joined, tells what it listens on, with the socket when that is shared. Of
   * several alike one is kept.
   */
  adopt(child: ChildProcess, offer: PortOffer, raw: object | undefined): void {
    const worker = this.#workers.get(child);
    if (worker === undefined) return;
    const { process, balance } = worker;
    const port = this.#table.adopt(process, offer, balance, raw);
    if (typeof port === "number") {
      const fields = { process, port: offer.boundPort, errno: port };
      this.#log.error("a port of a process that was taken over could not be opened", fields);
    } else this.#serve(worker, port, this.#use(worker, port, offer.seq));
  }

  /**
   * A worker is gone, or its channel has ended. Its ports stay, for its replacement; what it has not acknowledged goes
   * to others. May be called more than once.
   */
  forget(child: ChildProcess): void {
    const worker = this.#workers.get(child);
    if (!this.#workers.delete(child) || worker === undefined) return;
    // What it had said before its end is heard first: two turns have one look at the channel between them.
    setImmediate(() => setImmediate(() => this.#gone(worker)));
  }

  /**
   * Whether a worker does not answer, or says that it takes no work: it gets no new connections. What it was offered stays
   * its own until it is dead.
   */
  setAside(child: ChildProcess, why: "silent" | "unwell", isAside: boolean): void {
    this.#exclude(child, why, isAside);
  }

  /** A worker is asked to leave: it gets no new connections. */
  leaving(child: ChildProcess): void {
    this.#exclude(child, "leaving", true);
  }

  /** Closes what a process listens on, so that new connections are refused rather than kept waiting for nobody. */
  drop(process: string): void {
    this.#table.closeOf(process, "all");
  }

  /**
   * All workers of a process are ready: closes, a while later, what none of them listens on. One that is replaced
   * meanwhile begins the wait anew, as it may be about to listen.
   */
  pruneLater(process: string, areReady: () => boolean): void {
    clearTimeout(this.#pruning.get(process));
    const prune = (): void => {
      this.#pruning.delete(process);
      if (areReady()) this.#table.closeOf(process, "unused");
    };
    this.#pruning.set(process, setTimeout(prune, PRUNE_MS).unref());
  }

  /** Closes everything, also connections that wait. */
  close(): void {
    for (const timer of this.#pruning.values()) clearTimeout(timer);
    this.#pruning.clear();
    this.#table.end();
  }

  /** What a process listens on. */
  ports(process: string): { readonly address: string; readonly port: number }[] {
    return this.#table.of(process).map(({ handle }) => {
      const { address, port } = handle.name;
      return { address, port };
    });
  }

  /** What has become of the connections of a process; all 0 where it accepts them itself. */
  counters(process: string): PortCounters {
    return this.#table.counters(process);
  }

  #take(worker: Worker, note: WorkerNote, handle: unknown): void {
    if (note.what === "listen") this.#answer(worker, note);
    else if (note.what === "release") this.#release(worker, note);
    else this.#account(worker.uses.get(note.seq), note, handle);
  }

  #account(use: Use | undefined, note: ConnectionAnswer | ClosedNote, handle: unknown): void {
    const handed = use?.port.handed;
    const taker = use?.taker;
    if (handed === undefined || taker === undefined) return;
    if (note.what === "closed") handed.handOver.ended(taker, note.count);
    else handed.answered(taker, note, handle);
  }

  #answer(worker: Worker, question: ListenQuestion): void {
    const { seq } = question;
    const port = this.#portFor(worker, question);
    const answer = { cmd: PORT_COMMAND, what: "listen", seq } as const;
    if (typeof port === "number") {
      worker.channel.send({ ...answer, errno: port, mode: "shared", counted: false });
      return;
    }
    const { mode, handle, handed } = port;
    const counted = handed?.isCounted ?? false;
    const granted = { ...answer, errno: 0, mode, name: handle.name, counted };
    const taker = this.#use(worker, port, seq);
    this.#grant(worker, granted, mode === "shared" ? handle.raw : undefined);
    // Behind the answer, on the same channel: a connection finds the server listening.
    this.#serve(worker, port, taker);
  }

  #use(worker: Worker, port: OpenPort, seq: number): PortTaker | undefined {
    port.users.add(worker);
    const taker = port.handed && new PortTaker({ ...worker, seq });
    worker.uses.set(seq, { port, taker });
    return taker;
  }

  /** From now on it gets connections, when they are handed over. */
  #serve(worker: Worker, { handed }: OpenPort, taker: PortTaker | undefined): void {
    if (handed === undefined || taker === undefined) return;
    for (const why of worker.excluded) taker.excluded.add(why);
    handed.handOver.join(taker);
  }

  #grant(worker: Worker, answer: ListenAnswer, raw: object | undefined): void {
    worker.channel.send(answer, raw, (cause) => {
      if (cause === "ended" || !worker.uses.has(answer.seq)) return;
      setTimeout(() => this.#grant(worker, answer, raw), RESEND_MS).unref();
    });
  }

  /** The port that is open already, or a new one, or why there is none. */
  #portFor(worker: Worker, question: ListenQuestion): OpenPort | number {
    const { process, balance } = worker;
    if (balance.kind === "reuse-port" && modeOf(balance) !== "own") this.#tellFallback(process);
    const port = this.#table.find(process, question);
    if (port === undefined) return this.#table.open(process, question, balance);
    // Two servers of one process on one port: the second is refused, as ever.
    if (port.users.has(worker)) return errnoOf("EADDRINUSE");
    if (port.mode !== modeOf(balance)) this.#tellKept(process, port);
    else if (isHanded(balance)) port.handed?.balanceBy(balance);
    return port;
  }

  #release(worker: Worker, { seq, stays }: ReleaseNote): void {
    const use = worker.uses.get(seq);
    if (use === undefined) return;
    const { port, taker } = use;
    if (taker === undefined) worker.uses.delete(seq);
    else {
      port.handed?.handOver.stop(taker);
      this.#forgetLater(worker, seq);
    }
    if (port.users.delete(worker) && !stays) this.#table.closeUnused(port);
  }

  /** It may still have to say what has become of a connection that was offered to it. */
  #forgetLater(worker: Worker, seq: number): void {
    setTimeout(() => {
      if (worker.uses.get(seq)?.taker?.inFlight === undefined) worker.uses.delete(seq);
    }, FORGET_MS).unref();
  }

  #gone(worker: Worker): void {
    for (const { port, taker } of worker.uses.values()) {
      port.users.delete(worker);
      if (taker !== undefined) port.handed?.handOver.gone(taker);
    }
    worker.uses.clear();
  }

  #exclude(child: ChildProcess, why: Exclusion, is: boolean): void {
    const worker = this.#workers.get(child);
    if (worker === undefined || worker.excluded.has(why) === is) return;
    if (is) worker.excluded.add(why);
    else worker.excluded.delete(why);
    for (const { port, taker } of worker.uses.values()) {
      if (taker !== undefined) port.handed?.handOver.exclude(taker, why, is);
    }
  }

  #tellFallback(process: string): void {
    if (this.#told.has(process)) return;
    this.#told.add(process);
    this.#log.warn(
      "balance: reuse-port needs Node 22.12 or later on Linux; the kernel balances over a shared socket instead",
      { process },
    );
  }

  #tellKept(process: string, { handle }: OpenPort): void {
    const { address, port } = handle.name;
    const text = `${process} ${address} ${port}`;
    if (this.#told.has(text)) return;
    this.#told.add(text);
    this.#log.warn(
      "a port that is open keeps the way in which its connections are given out; stop and start the process to change it",
      { process, address, port },
    );
  }
}

function errnoOf(code: string): number {
  for (const [errno, [name]] of getSystemErrorMap()) if (name === code) return errno;
  return -1;
}
