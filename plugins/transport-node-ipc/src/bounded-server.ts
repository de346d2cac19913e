import type { Socket } from "node:net";
import { dirname } from "node:path";
import { isMainThread } from "node:worker_threads";
import { DELIMITER } from "./frames.ts";
import type { DoorLimits } from "./limits.ts";
import type { ToClient } from "./messages.ts";
import type { RawIpc } from "./node-ipc.ts";

/** What a server tells. Nothing of it may throw. */
export interface IpcEvents {
  readonly onConnect: (socket: Socket) => void;
  /** A message whose envelope was read; its data may be anything. */
  readonly onMessage: (socket: Socket, type: string, data: unknown) => void;
  /** Somebody broke a rule of the transport, and is disconnected. */
  readonly onViolation: (code: string) => void;
}

/** A server of node-ipc whose every input is bounded, whichever version it is. */
export interface IpcServer {
  /** Binds the socket so that only this user can connect. */
  start(): Promise<void>;
  /** @throws ELPIS_NODE_IPC_TOO_LARGE */
  send(socket: Socket, type: ToClient, data: object): void;
  /** Takes no more connections; those that are there must have been ended. */
  stop(): Promise<void>;
}

/** What both versions have in common. */
export abstract class BoundedServer implements IpcServer {
  protected readonly ipc: RawIpc;
  protected readonly limits: DoorLimits;
  protected readonly events: IpcEvents;
  readonly #path: string;
  #start: { resolve: () => void; reject: (error: Error) => void } | undefined;

  constructor(ipc: RawIpc, path: string, limits: DoorLimits, events: IpcEvents) {
    this.ipc = ipc;
    this.limits = limits;
    this.events = events;
    this.#path = path;
    Object.assign(ipc.config, {
      silent: true,
      socketRoot: `${dirname(path)}/`,
      maxConnections: limits.maxConnections,
      // Whoever holds the hub's lock has removed what was left behind, so binding need not wait for that.
      unlink: false,
      delimiter: DELIMITER,
    });
  }

  start(): Promise<void> {
    const { ipc } = this;
    return new Promise((resolve, reject) => {
      this.#start = { resolve, reject };
      ipc.serve(this.#path, () => {
        this.#start = undefined;
        resolve();
      });
      ipc.server.on("connect", (socket: Socket) => this.onConnect(socket));
      ipc.server.on("error", (error: NodeJS.ErrnoException) => this.#onError(error));
      this.onServer();
      // As with the hub's own socket: the mask holds while it is bound, which is inside this call.
      const mask = process.platform === "win32" || !isMainThread ? undefined : process.umask(0o177);
      try {
        ipc.server.start();
      } finally {
        if (mask !== undefined) process.umask(mask);
      }
      ipc.server.server.on("drop", () => this.events.onViolation("ELPIS_NODE_IPC_BUSY"));
    });
  }

  async stop(): Promise<void> {
    const { server } = this.ipc.server;
    if (!server.listening) return;
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  abstract send(socket: Socket, type: ToClient, data: object): void;
  /** The server is made and not started. */
  protected abstract onServer(): void;

  protected onConnect(socket: Socket): void {
    this.events.onConnect(socket);
  }

  #onError(error: NodeJS.ErrnoException): void {
    const start = this.#start;
    this.#start = undefined;
    if (start !== undefined) start.reject(error);
    else this.events.onViolation(codeOf(error));
  }
}

const CODES: Readonly<Record<string, string>> = {
  ERR_IPC_FRAME_TOO_LARGE: "ELPIS_NODE_IPC_TOO_LARGE",
  ERR_IPC_MESSAGE_TIMEOUT: "ELPIS_NODE_IPC_INCOMPLETE",
  ERR_IPC_BACKPRESSURE: "ELPIS_NODE_IPC_SLOW",
};

/** One set of codes, whichever version noticed. What the sockets themselves report keeps its own. */
export function codeOf({ code = "ELPIS_NODE_IPC_INVALID" }: NodeJS.ErrnoException): string {
  return CODES[code] ?? (code.startsWith("ERR_IPC_") ? "ELPIS_NODE_IPC_INVALID" : code);
}
