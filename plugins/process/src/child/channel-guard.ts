import type { ChildProcess } from "node:child_process";

type Callback = (this: unknown, ...args: unknown[]) => unknown;

interface Channel {
  onread: Callback;
}

/** So much is read of a message that does not end. Node would keep all of it, and look for its end again and again. */
const MAX_MESSAGE_BYTES = 16 * 2 ** 20;
const NEWLINE = 10;

/** What is told of a channel. */
export interface ChannelWatcher {
  /** Called for each piece that cannot be read; the channel is of no use any more. */
  onBroken(error: unknown): void;
  /** The other side has closed it, and all that it had sent is read. Node itself does not always tell. */
  onEnd(): void;
}

/**
 * Keeps what a child writes to its channel from ending this process, or filling its memory. Node reads the channel
 * outside of every listener, keeps what has no end, and throws at what it cannot parse, and at messages of its own
 * protocol that come out of turn. There is no public place to catch that; these are the two innermost.
 */
export function guardChannel(child: ChildProcess, watcher: ChannelWatcher): void {
  const attempt = (callback: Callback, self: unknown, args: unknown[]): unknown => {
    try {
      return Reflect.apply(callback, self, args);
    } catch (error) {
      watcher.onBroken(error);
      return undefined;
    }
  };
  const channel = channelOf(child);
  if (channel === undefined) return;
  guardReading(channel, watcher, attempt);
  const emit = child.emit as Callback;
  child.emit = ((...args: unknown[]) =>
    args[0] === "internalMessage"
      ? attempt(emit, child, args) === true
      : Reflect.apply(emit, child, args)) as typeof child.emit;
}

function guardReading(
  channel: Channel,
  watcher: ChannelWatcher,
  attempt: (callback: Callback, self: unknown, args: unknown[]) => unknown,
): void {
  const { onread } = channel;
  let unfinishedBytes = 0;
  channel.onread = function (...args) {
    const [bytes] = args;
    if (!(bytes instanceof ArrayBuffer)) {
      attempt(onread, this, args);
      watcher.onEnd();
      return undefined;
    }
    const end = Buffer.from(bytes).lastIndexOf(NEWLINE);
    unfinishedBytes = end < 0 ? unfinishedBytes + bytes.byteLength : bytes.byteLength - end - 1;
    if (unfinishedBytes <= MAX_MESSAGE_BYTES) return attempt(onread, this, args);
    watcher.onBroken(new Error(`a message of more than ${MAX_MESSAGE_BYTES} bytes`));
    return undefined;
  };
}

/** Node keeps it under a symbol of its own; undefined: there is none. */
function channelOf(child: ChildProcess): Channel | undefined {
  for (const symbol of Object.getOwnPropertySymbols(child)) {
    const value = (child as unknown as Record<symbol, unknown>)[symbol] as Partial<Channel> | null;
    if (typeof value?.onread === "function") return value as Channel;
  }
  return undefined;
}
