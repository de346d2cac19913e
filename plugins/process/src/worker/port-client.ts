import { channelClosed } from "../errors.ts";
import { isListenAnswer, type ListenQuestion, type ReleaseNote } from "../port-messages.ts";

/** A socket from the master, or why there is none. */
export interface Grant {
  readonly errno: number;
  readonly key: string;
  /** The bound socket; undefined when `errno` is not 0. */
  readonly handle: object | undefined;
}

type Wish = Omit<ListenQuestion, "elpis" | "seq">;

interface Waiter {
  readonly resolve: (grant: Grant) => void;
  readonly reject: (error: Error) => void;
  readonly port: number;
}

/** Asks the master for listening sockets, over Node's own channel: the only one that can carry them. */
export class PortClient {
  readonly #waiting = new Map<number, Waiter>();
  #nextSeq = 1;
  #leaving = false;

  constructor() {
    process.on("message", (message, handle) => this.#onMessage(message, handle));
    process.once("disconnect", () => this.#failAll());
    // What keeps this process alive is its work and its hub, not this channel.
    process.channel?.unref();
  }

  /** @throws ELPIS_PROCESS_CHANNEL_CLOSED */
  ask(wish: Wish): Promise<Grant> {
    const seq = this.#nextSeq++;
    const question: ListenQuestion = { elpis: "listen", seq, ...wish };
    return new Promise((resolve, reject) => {
      this.#waiting.set(seq, { resolve, reject, port: wish.port });
      this.#send(question, () => this.#fail(seq));
    });
  }

  /** Tells the master that this process does not listen on it any more, and will not again. */
  release(key: string): void {
    // Of one that leaves, the replacement goes on where it stopped.
    if (this.#leaving) return;
    this.#send({ elpis: "release", key }, () => {});
  }

  /** From now on sockets are given up only together with this process. */
  leave(): void {
    this.#leaving = true;
  }

  #send(message: ListenQuestion | ReleaseNote, onFailure: () => void): void {
    if (process.send === undefined || !process.connected) {
      onFailure();
      return;
    }
    // With a callback a closed channel is told here, and is not an `error` event that ends this process.
    process.send(message, undefined, undefined, (error) => {
      if (error !== null) onFailure();
    });
  }

  #onMessage(message: unknown, handle: unknown): void {
    if (!isListenAnswer(message)) return;
    const waiter = this.#waiting.get(message.seq);
    this.#waiting.delete(message.seq);
    const { errno, key } = message;
    waiter?.resolve({ errno, key, handle: (handle as object | null) ?? undefined });
  }

  #fail(seq: number): void {
    const waiter = this.#waiting.get(seq);
    this.#waiting.delete(seq);
    waiter?.reject(channelClosed(waiter.port));
  }

  #failAll(): void {
    for (const seq of [...this.#waiting.keys()]) this.#fail(seq);
  }
}
