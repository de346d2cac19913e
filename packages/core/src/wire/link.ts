import type { Socket } from "node:net";

/** What carries bytes between a peer and the hub: a socket, or a pair of queues in one process. */
export interface Link {
  /** Bytes that were written and not yet taken over by the operating system or the other side. */
  readonly queuedBytes: number;
  /** Hands over `pieces` (`bytes` in all) in order. After the link has closed it does nothing. */
  write(pieces: readonly Buffer[], bytes: number): void;
  /** Begins to deliver. `onClose` is called once, with the cause where there is one. */
  start(onData: (chunk: Buffer) => void, onClose: (cause?: Error) => void): void;
  /** Calls `listener` each time that everything queued has been taken over. */
  onDrain(listener: () => void): void;
  /** Delivers what is queued, then closes. */
  end(): void;
  /** Closes at once. */
  destroy(): void;
  /** Lets the process end although the link is open. */
  unref(): void;
}

/** Below this, pieces are copied together; above it, they leave by themselves. */
const SMALL_PIECE_BYTES = 4096;
const SMALL_BATCH_BYTES = 4 * SMALL_PIECE_BYTES;
const NOTHING = Buffer.alloc(0);

/** A link over a connected socket or pipe. */
export class SocketLink implements Link {
  readonly #socket: Socket;
  #onDrain: () => void = () => {};

  constructor(socket: Socket) {
    this.#socket = socket;
    // A socket without a listener for errors ends the process; what matters comes with `close`.
    socket.on("error", () => {});
  }

  get queuedBytes(): number {
    return this.#socket.writableLength;
  }

  write(pieces: readonly Buffer[], bytes: number): void {
    const socket = this.#socket;
    if (!socket.writable) return;
    if (pieces.length === 1) {
      socket.write(pieces[0] as Buffer);
    } else if (bytes <= SMALL_BATCH_BYTES) {
      socket.write(Buffer.concat(pieces, bytes));
    } else {
      socket.cork();
      for (const piece of joinSmall(pieces)) socket.write(piece);
      socket.uncork();
    }
    // The socket tells by itself only of what is more than it likes to hold.
    const isHeld = socket.writableLength > 0 && !socket.writableNeedDrain;
    if (isHeld) socket.write(NOTHING, () => this.#onDrain());
  }

  start(onData: (chunk: Buffer) => void, onClose: (cause?: Error) => void): void {
    const socket = this.#socket;
    let cause: Error | undefined;
    let isTold = false;
    const tell = (): void => {
      if (!isTold) onClose(cause);
      isTold = true;
    };
    socket.on("error", (error) => {
      cause = error;
    });
    socket.once("close", tell);
    if (socket.destroyed) {
      queueMicrotask(tell);
      return;
    }
    socket.on("data", onData);
    // The other side ended: answers could still be written, but there is no one to read them.
    socket.once("end", () => socket.destroy());
    socket.resume();
  }

  onDrain(listener: () => void): void {
    this.#onDrain = listener;
    this.#socket.on("drain", listener);
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  unref(): void {
    this.#socket.unref();
  }
}

/** Copies neighbouring small pieces together and leaves the large ones alone. */
function* joinSmall(pieces: readonly Buffer[]): Generator<Buffer> {
  let small: Buffer[] = [];
  let bytes = 0;
  for (const piece of pieces) {
    if (piece.length < SMALL_PIECE_BYTES) {
      small.push(piece);
      bytes += piece.length;
      continue;
    }
    if (bytes > 0) yield Buffer.concat(small, bytes);
    small = [];
    bytes = 0;
    yield piece;
  }
  if (bytes > 0) yield Buffer.concat(small, bytes);
}
