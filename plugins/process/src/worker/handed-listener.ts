import type net from "node:net";
import type { SocketName } from "../ports/port-messages.ts";

/** A longer one is not possible; that it fires does no harm. */
const FOREVER_MS = 2 ** 31 - 1;
/** How long closed connections are added up before the master is told. */
const TELL_MS = 20;

/** What a listener needs of the outside. */
export interface ListenerOptions {
  readonly name: SocketName;
  /** Told how many connections have closed, now and then; undefined: nobody wants to know. */
  readonly onClosed: ((count: number) => void) | undefined;
  /** The server takes no more. */
  readonly onClose: () => void;
}

/**
 * What a server has in place of a listening socket of its own, when its connections come from the master. It has those
 * methods of Node's handles that a server calls.
 */
export class HandedListener {
  /** Set by the server, as on every handle. */
  onconnection: ((status: number, connection: object) => void) | undefined;
  readonly #options: ListenerOptions;
  #server: net.Server | undefined;
  #keepAlive: NodeJS.Timeout | undefined;
  #telling: NodeJS.Timeout | undefined;
  #closedCount = 0;
  #arrived = false;
  #state: "opening" | "open" | "closed" = "opening";
  readonly #waiting: (() => void)[] = [];

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.ref();
  }

  /** Whether the server takes connections. */
  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** Calls `run` when it is certain whether the server takes connections: at once, or when it has told that it listens. */
  whenSettled(run: () => void): void {
    if (this.#state === "opening") this.#waiting.push(run);
    else run();
  }

  /** Makes a server listen by it, with everything that Node does for one that listens. */
  attach(server: net.Server, backlog: number | undefined): void {
    const { address, port, family } = this.#options.name;
    const target = server as unknown as {
      _handle: HandedListener;
      _listen2(address: string, port: number, type: 4 | 6, backlog: number | undefined): void;
    };
    target._handle = this;
    this.#server = server;
    // Where node:cluster comes in as well.
    target._listen2(address, port, family === "IPv6" ? 6 : 4, backlog);
    if (this.#options.onClosed !== undefined) server.prependListener("connection", this.#count);
    // Behind the listeners that are there: HTTP servers prepare themselves in theirs.
    server.once("listening", () => this.#settle("open"));
  }

  /** Gives a connection to the server. */
  deliver(connection: object): void {
    this.#arrived = false;
    this.onconnection?.(0, connection);
    // The server has more than its `maxConnections`, and has closed it.
    if (!this.#arrived) this.#ended();
  }

  listen(): number {
    return 0;
  }

  getsockname(out: object): number {
    Object.assign(out, this.#options.name);
    return 0;
  }

  ref(): void {
    this.#keepAlive ??= setInterval(() => {}, FOREVER_MS);
  }

  unref(): void {
    clearInterval(this.#keepAlive);
    this.#keepAlive = undefined;
  }

  hasRef(): boolean {
    return this.#keepAlive !== undefined;
  }

  close(callback?: () => void): void {
    if (callback !== undefined) process.nextTick(callback);
    if (this.#state === "closed") return;
    this.#settle("closed");
    this.unref();
    this.#server?.off("connection", this.#count);
    this.#options.onClose();
  }

  #settle(state: "open" | "closed"): void {
    // Its server may have been closed by somebody who was told sooner that it listens.
    if (this.#state === "closed") return;
    this.#state = state;
    for (const run of this.#waiting.splice(0)) run();
  }

  readonly #count = (socket: net.Socket): void => {
    this.#arrived = true;
    socket.once("close", () => this.#ended());
  };

  #ended(): void {
    const { onClosed } = this.#options;
    if (onClosed === undefined) return;
    this.#closedCount += 1;
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined;
      onClosed(this.#closedCount);
      this.#closedCount = 0;
    }, TELL_MS).unref();
  }
}
