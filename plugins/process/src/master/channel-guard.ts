import type { ChildProcess } from "node:child_process";

type Callback = (this: unknown, ...args: unknown[]) => unknown;

interface Channel {
  onread: Callback;
}

/**
 * Keeps what a child writes to its channel from ending this process. Node reads the channel outside of every listener,
 * and throws at what it cannot parse, and at messages of its own protocol that come out of turn. There is no public
 * place to catch that; these are the two innermost.
 *
 * @param onBroken called for each piece that cannot be read; the channel is of no use any more
 */
export function guardChannel(child: ChildProcess, onBroken: (error: unknown) => void): void {
  const attempt = (callback: Callback, self: unknown, args: unknown[]): unknown => {
    try {
      return Reflect.apply(callback, self, args);
    } catch (error) {
      onBroken(error);
      return undefined;
    }
  };
  const channel = channelOf(child);
  if (channel === undefined) return;
  const { onread } = channel;
  channel.onread = function (...args) {
    return attempt(onread, this, args);
  };
  const emit = child.emit as Callback;
  child.emit = ((...args: unknown[]) =>
    args[0] === "internalMessage"
      ? attempt(emit, child, args) === true
      : Reflect.apply(emit, child, args)) as typeof child.emit;
}

/** Node keeps it under a symbol of its own; undefined: there is none. */
function channelOf(child: ChildProcess): Channel | undefined {
  for (const symbol of Object.getOwnPropertySymbols(child)) {
    const value = (child as unknown as Record<symbol, unknown>)[symbol] as Partial<Channel> | null;
    if (typeof value?.onread === "function") return value as Channel;
  }
  return undefined;
}
