import type { ChildProcess } from "node:child_process";
import { isWorkerNote, type MasterNote, type WorkerNote } from "./port-messages.ts";

/** Why something that was sent has not arrived. */
export type LossCause =
  /** The worker has no descriptor left for it, now. */
  | "full"
  /** The channel has ended. */
  | "ended";

interface Sent {
  readonly onLost: (cause: LossCause) => void;
}

/** What is heard from a worker. */
export interface ChannelListener {
  onNote(note: WorkerNote, handle: unknown): void;
  onSendError(error: Error): void;
}

/**
 * What master and worker say to each other about ports, over the channel that Node made for the child. Node has one
 * handle at a time on its way to a child, says nothing of one that the child could not receive, and forgets those on
 * their way to a child that dies; here each is accounted for.
 */
export class WorkerChannel {
  readonly #child: ChildProcess;
  readonly #listener: ChannelListener;
  /** What travels with a handle and Node has no answer for, in the order in which it was sent. */
  readonly #sent: Sent[] = [];

  constructor(child: ChildProcess, listener: ChannelListener) {
    this.#child = child;
    this.#listener = listener;
    child.on("internalMessage", (message: unknown, handle: unknown) =>
      this.#onMessage(message, handle),
    );
  }

  /** Sends it, and a handle with it; `onLost` is called when the handle has not arrived and will not. */
  send(note: MasterNote, raw?: object, onLost: (cause: LossCause) => void = () => {}): void {
    const sent = { onLost };
    if (raw !== undefined) this.#sent.push(sent);
    // With a callback a channel that closes meanwhile is told here, and is not an `error` event that ends the master.
    this.#child.send(note, raw as never, {}, (error) => {
      if (error === null) return;
      const at = this.#sent.indexOf(sent);
      if (at >= 0) this.#sent.splice(at, 1);
      this.#listener.onSendError(error);
      onLost("ended");
    });
  }

  #onMessage(message: unknown, handle: unknown): void {
    if (isWorkerNote(message)) {
      this.#listener.onNote(message, handle);
      return;
    }
    const { cmd } = message as { cmd?: unknown };
    if (cmd === "NODE_HANDLE_ACK") this.#sent.shift();
    else if (cmd === "NODE_HANDLE_NACK") this.#sent.shift()?.onLost("full");
  }
}
