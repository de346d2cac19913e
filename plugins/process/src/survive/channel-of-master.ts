import { ChildProcess } from "node:child_process";
import type { Socket } from "node:net";

interface Openable {
  open(fd: number): number;
}

interface StdioEntry {
  readonly type?: string;
  readonly handle?: Partial<Openable>;
}

/** What is there of a process that somebody else has started: nothing that can be waited for. */
interface StandIn {
  readonly pid: number;
  spawn(...args: unknown[]): number;
  close(): void;
  ref(): void;
  unref(): void;
  hasRef(): boolean;
  kill(): number;
}

/**
 * Opens Node's channel to a process that another master had started, over a connected socket that nobody reads from. What
 * it gives has `send`, which passes handles, and `message` and `disconnect`; it never tells of an exit.
 *
 * Node has no public way to get a handle from a process other than its child, and a listening socket is needed by the next
 * workers. The class is exported; that it makes the channel in `spawn`, and has `_handle` start the process, has been
 * so since Node 0.6. It is looked whether that is still so.
 *
 * @throws when this Node does it in another way
 */
export function openChannelTo(pid: number, socket: Socket): ChildProcess {
  const fd = (socket as unknown as { _handle?: { fd?: number } })._handle?.fd;
  if (fd === undefined || fd < 0) throw new Error("the socket is gone");
  const child = new ChildProcess();
  const parts = child as unknown as {
    _handle: StandIn | { close(): void };
    spawn(options: object): number;
  };
  const real = parts._handle;
  let opened = -1;
  parts._handle = {
    pid,
    spawn: (...args) => {
      opened = findChannel(args)?.open(fd) ?? -1;
      return 0;
    },
    close() {},
    ref() {},
    unref() {},
    hasRef: () => false,
    kill: () => -1,
  };
  // Its own may never be started; it only has to go.
  (real as { close?: () => void }).close?.();
  parts.spawn({ file: "", args: [], envPairs: [], stdio: ["ipc", "ignore", "ignore"] });
  if (opened !== 0 || typeof child.send !== "function") throw new Error("no channel was opened");
  // The descriptor is the channel's from now on: were it closed here as well, it could be somebody else's by then.
  socket.unref();
  return child;
}

/** The options of the process are one argument or several, as the version has it. */
function findChannel(args: readonly unknown[]): Openable | undefined {
  const lists = args.flatMap((one) => {
    const inner = Array.isArray(one) ? one : (one as { stdio?: unknown } | undefined)?.stdio;
    return Array.isArray(inner) ? [inner as StdioEntry[]] : [];
  });
  const handle = lists
    .map(([first]) => first?.handle)
    .find((one) => typeof one?.open === "function");
  return handle as Openable | undefined;
}
