import type { ChildProcess } from "node:child_process";
import type { ListenAnswer, ListenQuestion, ReleaseNote } from "../port-messages.ts";
import { type BoundHandle, bindHandle } from "./bound-handle.ts";

/** How long after it is ready a worker may come to listen where its predecessor did. */
const PRUNE_MS = 5000;

/** A worker as the broker sees it. */
export interface PortUser {
  /** Name of the process; its instances share their ports, and nobody else does. */
  readonly process: string;
  readonly child: ChildProcess;
}

interface SharedPort {
  readonly process: string;
  readonly handle: BoundHandle;
  readonly users: Set<ChildProcess>;
}

/**
 * Holds the bound sockets that workers listen on. It is the socket that is shared, never a connection: the kernel gives
 * each connection to a worker that accepts it, so that none is lost with a worker that dies. And because the master
 * holds the socket too, the port stays open while every worker is down.
 */
export class PortBroker {
  readonly #ports = new Map<string, SharedPort>();
  readonly #pruning = new Map<string, NodeJS.Timeout>();
  readonly #onSendError: (error: Error) => void;

  constructor(onSendError: (error: Error) => void) {
    this.#onSendError = onSendError;
  }

  take(user: PortUser, message: ListenQuestion | ReleaseNote): void {
    if (message.elpis === "release") this.#release(user.child, message.key);
    else this.#answer(user, message);
  }

  /** A worker is gone. Its sockets stay, for its replacement. */
  forget(child: ChildProcess): void {
    for (const port of this.#ports.values()) port.users.delete(child);
  }

  /** Closes what a process listened on, so that new connections are refused rather than kept waiting for nobody. */
  drop(process: string): void {
    for (const [key, port] of this.#ports) {
      if (port.process === process) this.#close(key, port);
    }
  }

  /**
   * All workers of a process are ready: closes, a while later, what none of them listens on. One that is replaced
   * meanwhile begins the wait anew, as it may be about to listen.
   */
  pruneLater(process: string, areReady: () => boolean): void {
    clearTimeout(this.#pruning.get(process));
    const prune = (): void => {
      this.#pruning.delete(process);
      if (areReady()) this.#prune(process);
    };
    this.#pruning.set(process, setTimeout(prune, PRUNE_MS).unref());
  }

  #prune(process: string): void {
    for (const [key, port] of this.#ports) {
      if (port.process === process && port.users.size === 0) this.#close(key, port);
    }
  }

  close(): void {
    for (const timer of this.#pruning.values()) clearTimeout(timer);
    this.#pruning.clear();
    for (const [key, port] of this.#ports) this.#close(key, port);
  }

  #answer(user: PortUser, question: ListenQuestion): void {
    const key = keyOf(user.process, question);
    const port = this.#ports.get(key) ?? this.#open(key, user.process, question);
    const errno = typeof port === "number" ? port : 0;
    const answer: ListenAnswer = { elpis: "listen", seq: question.seq, errno, key };
    if (typeof port === "number") this.#send(user.child, answer);
    else {
      port.users.add(user.child);
      this.#send(user.child, answer, port.handle.raw);
    }
  }

  #open(
    key: string,
    process: string,
    { address, port, ipv6Only }: ListenQuestion,
  ): SharedPort | number {
    const handle = bindHandle({ address: address ?? undefined, port, ipv6Only });
    if (typeof handle === "number") return handle;
    const shared = { process, handle, users: new Set<ChildProcess>() };
    this.#ports.set(key, shared);
    return shared;
  }

  #release(child: ChildProcess, key: string): void {
    const port = this.#ports.get(key);
    if (port?.users.delete(child) && port.users.size === 0) this.#close(key, port);
  }

  #close(key: string, port: SharedPort): void {
    this.#ports.delete(key);
    port.handle.close();
  }

  #send(child: ChildProcess, answer: ListenAnswer, raw?: object): void {
    if (!child.connected) return;
    // With a callback a channel that closes meanwhile is told here, and is not an `error` event that ends the master.
    child.send(answer, raw as never, {}, (error) => {
      if (error !== null) this.#onSendError(error);
    });
  }
}

function keyOf(process: string, { address, port, ipv6Only, turn }: ListenQuestion): string {
  return [process, address ?? "*", port, ipv6Only ? "v6" : "", turn].join("|");
}
