import type { Link } from "./link.ts";

/**
 * Two ends of a link inside one process: what is written to one is delivered by the other, in a later turn. The first is
 * the peer's, the second the hub's. What the hub writes is copied: it may be on its way to others too, and a peer may
 * change what it is given.
 */
export function memoryLinks(): [Link, Link] {
  const left = new MemoryLink(false);
  const right = new MemoryLink(true);
  left.join(right);
  right.join(left);
  return [left, right];
}

class MemoryLink implements Link {
  queuedBytes = 0;
  #other: MemoryLink | undefined;
  #queue: Buffer[] = [];
  #scheduled = false;
  #closed = false;
  #isEnding = false;
  #onData: ((chunk: Buffer) => void) | undefined;
  #onClose: ((cause?: Error) => void) | undefined;
  readonly #drainListeners: Array<() => void> = [];
  readonly #copies: boolean;

  constructor(copies: boolean) {
    this.#copies = copies;
  }

  join(other: MemoryLink): void {
    this.#other = other;
  }

  write(pieces: readonly Buffer[], bytes: number): void {
    if (this.#closed) return;
    for (const piece of pieces) this.#queue.push(this.#copies ? Buffer.from(piece) : piece);
    this.queuedBytes += bytes;
    this.#schedule();
  }

  start(onData: (chunk: Buffer) => void, onClose: (cause?: Error) => void): void {
    this.#onData = onData;
    this.#onClose = onClose;
    if (this.#closed) this.#tellClosed();
    this.#other?.flush();
  }

  onDrain(listener: () => void): void {
    this.#drainListeners.push(listener);
  }

  end(): void {
    this.#isEnding = true;
    this.#schedule();
  }

  destroy(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue = [];
    this.queuedBytes = 0;
    const other = this.#other;
    this.#tellClosed();
    setImmediate(() => other?.destroy());
  }

  unref(): void {}

  /** Delivers to the other end what was written to this one. */
  flush(): void {
    const other = this.#other;
    if (other === undefined || other.#onData === undefined) return;
    const queue = this.#queue;
    this.#queue = [];
    this.queuedBytes = 0;
    for (const piece of queue) {
      if (!other.#closed) other.#onData(piece);
    }
    if (queue.length > 0) for (const listener of this.#drainListeners) listener();
    if (this.#isEnding) this.destroy();
  }

  #tellClosed(): void {
    setImmediate(() => {
      const tell = this.#onClose;
      this.#onClose = undefined;
      tell?.();
    });
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.flush();
    });
  }
}
