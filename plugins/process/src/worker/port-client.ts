import { channelClosed } from "../errors.ts";
import {
  type ConnectionNote,
  isMasterNote,
  type ListenAnswer,
  type ListenQuestion,
  PORT_COMMAND,
  type PortWish,
  type WorkerNote,
} from "../ports/port-messages.ts";

/** What the master answered. */
export interface Grant {
  readonly answer: ListenAnswer;
  /** The bound socket, when it is shared. */
  readonly handle: object | undefined;
}

/** Who takes the connections that the master hands over. */
export interface ConnectionTaker {
  readonly isOpen: boolean;
  /** Calls back when it is certain whether it is open. */
  whenSettled(run: () => void): void;
  deliver(connection: object): void;
}

interface RawConnection {
  close(): void;
}

/** Who asks for a port. */
export interface Asker {
  /** Called at once with the answer: connections may be right behind it. */
  readonly onGrant: (grant: Grant) => void;
  /** ELPIS_PROCESS_CHANNEL_CLOSED: there will be no answer. */
  readonly onError: (error: Error) => void;
}

interface Waiter extends Asker {
  readonly question: ListenQuestion;
}

/** Asks the master for ports, over Node's own channel: the only one that can carry sockets. */
export class PortClient {
  readonly #waits: boolean;
  readonly #waiting = new Map<number, Waiter>();
  readonly #takers = new Map<number, ConnectionTaker>();
  #nextSeq = 1;
  #leaving = false;

  /** @param waits whether a question is asked again when there is another master, instead of failing */
  constructor(waits = false) {
    this.#waits = waits;
    process.on("internalMessage" as never, (message: unknown, handle: unknown) =>
      this.#onMessage(message, handle),
    );
    if (!waits) process.once("disconnect", () => this.#failAll());
    // What keeps this process alive is its work and its hub, not this channel.
    process.channel?.unref();
  }

  /** Asks for a port. Returns the number that names this listen in all that follows about it. */
  ask(wish: PortWish, asker: Asker): number {
    const seq = this.#nextSeq++;
    const question: ListenQuestion = { cmd: PORT_COMMAND, what: "listen", seq, ...wish };
    this.#waiting.set(seq, { ...asker, question });
    this.#ask(question);
    return seq;
  }

  /** There is another master: it is asked what the one before has not answered. */
  reopened(): void {
    for (const { question } of this.#waiting.values()) this.#ask(question);
  }

  /** From now on connections for this listen go there. */
  takeWith(seq: number, taker: ConnectionTaker): void {
    this.#takers.set(seq, taker);
  }

  /** Tells the master that this process does not listen on it any more. */
  release(seq: number): void {
    this.#takers.delete(seq);
    // Nobody has to answer it any more: the next master hears neither of the question nor of this.
    if (!process.connected) this.#waiting.delete(seq);
    this.#send({ cmd: PORT_COMMAND, what: "release", seq, stays: this.#leaving });
  }

  /** Tells the master that connections which it had handed over are closed. */
  closed(seq: number, count: number): void {
    this.#send({ cmd: PORT_COMMAND, what: "closed", seq, count });
  }

  /** From now on ports are given up for a replacement. */
  leave(): void {
    this.#leaving = true;
  }

  #ask(question: ListenQuestion): void {
    this.#send(question, (sent) => {
      if (!sent && !this.#waits) this.#fail(question.seq);
    });
  }

  #send(note: WorkerNote, done: (sent: boolean) => void = () => {}, handle?: object): void {
    if (process.send === undefined || !process.connected) {
      done(false);
      return;
    }
    // With a callback a closed channel is told here, and is not an `error` event that ends this process.
    process.send(note, handle as never, undefined, (error) => {
      // What was still queued when the channel was closed is called sent by Node.
      done(error === null && process.connected);
    });
  }

  #onMessage(message: unknown, handle: unknown): void {
    if (!isMasterNote(message)) return;
    if (message.what === "connection") this.#onConnection(message, handle as RawConnection);
    else {
      const waiter = this.#waiting.get(message.seq);
      this.#waiting.delete(message.seq);
      waiter?.onGrant({ answer: message, handle: (handle as object | null) ?? undefined });
    }
  }

  /**
   * Says that the connection is here, and reads nothing before that is written: what the master has not heard of, it
   * may give to another.
   */
  #onConnection({ seq, id }: ConnectionNote, connection: RawConnection): void {
    const about = { cmd: PORT_COMMAND, seq, id } as const;
    const taker = this.#takers.get(seq);
    const refuse = (): void => {
      connection.close();
      this.#send({ ...about, what: "refused" });
    };
    const take = (taker: ConnectionTaker): void =>
      this.#send({ ...about, what: "taken" }, (sent) => {
        if (sent && taker.isOpen) taker.deliver(connection);
        else if (!sent) connection.close();
        // The server was closed in this very moment.
        else this.#send({ ...about, what: "returned" }, () => connection.close(), connection);
      });
    if (taker === undefined) refuse();
    else taker.whenSettled(() => (taker.isOpen ? take(taker) : refuse()));
  }

  #fail(seq: number): void {
    const waiter = this.#waiting.get(seq);
    this.#waiting.delete(seq);
    waiter?.onError(channelClosed(waiter.question.port));
  }

  #failAll(): void {
    for (const seq of [...this.#waiting.keys()]) this.#fail(seq);
  }
}
