import child_process from "node:child_process";
import type { Socket } from "node:net";

type Listener = (...args: unknown[]) => void;
type ForkChild = (fd: number, serialization: "json") => void;

// What Node itself calls at the start of a process that was forked. It is exported, and not documented.
const { _forkChild } = child_process as unknown as { _forkChild?: ForkChild };
/** What Node adds to `process` for a channel, and does not take away with it. */
const OWN_EVENTS = ["internalMessage", "newListener", "removeListener"];

/** Whether this Node lets a process have another channel to a master. */
export const canReopen: boolean = typeof _forkChild === "function";

/** The channel of this process to its masters: one after the other, over `process.send` and `message` as ever. */
export class WorkerChannel {
  readonly #ours = new Map<string, Listener[]>();

  /** To be made before the application adds listeners: what is there now is the first channel's. */
  constructor() {
    for (const event of OWN_EVENTS) this.#ours.set(event, listenersTo(event));
  }

  /** Makes a connected socket that nobody reads from the channel. The one before has ended. */
  open(socket: Socket): void {
    const fd = (socket as unknown as { _handle?: { fd?: number } })._handle?.fd;
    if (fd === undefined || fd < 0 || _forkChild === undefined) throw new Error("no channel");
    const before = new Map(OWN_EVENTS.map((event) => [event, new Set(listenersTo(event))]));
    // Both would answer to each handle that comes.
    for (const [event, listeners] of this.#ours) {
      for (const listener of listeners) process.off(event, listener);
    }
    _forkChild(fd, "json");
    process.channel?.unref();
    // The descriptor is the channel's from now on: were it closed here as well, it could be another one's by then.
    socket.unref();
    for (const event of OWN_EVENTS) {
      const isNew = (one: Listener): boolean => before.get(event)?.has(one) !== true;
      this.#ours.set(event, listenersTo(event).filter(isNew));
    }
  }
}

function listenersTo(event: string): Listener[] {
  return process.rawListeners(event as never) as Listener[];
}
