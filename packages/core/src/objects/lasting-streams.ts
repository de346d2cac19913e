import type { Client, Logger, Off } from "@elpis/api";
import { LastingStream, type StreamWish } from "./lasting-stream.ts";

/** The lasting streams of one client: they are woken when the hub is back, and end with the client. */
export class LastingStreams {
  readonly #client: Client;
  readonly #log: Logger;
  readonly #streams = new Set<LastingStream>();
  #isAttached = false;
  #isOver = false;

  constructor(client: Client, log: Logger) {
    this.#client = client;
    this.#log = log;
  }

  get size(): number {
    return this.#streams.size;
  }

  /** Opens a stream at once; it goes on by itself until it is taken back. */
  open(wish: StreamWish): Off {
    this.#attach();
    if (this.#isOver) return () => {};
    const stream = new LastingStream(wish, this.#log);
    this.#streams.add(stream);
    return () => {
      this.#streams.delete(stream);
      stream.close();
    };
  }

  /** Only a client that has streams listens. */
  #attach(): void {
    if (this.#isAttached) return;
    this.#isAttached = true;
    this.#client.onConnection(({ type }) => {
      if (type !== "back") return;
      for (const stream of this.#streams) stream.wake();
    });
    const end = (): void => {
      this.#isOver = true;
      for (const stream of this.#streams) stream.close();
      this.#streams.clear();
    };
    this.#client.closed.then(end, end);
  }
}
