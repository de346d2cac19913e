import { randomBytes } from "node:crypto";
import { renameSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { isMainThread } from "node:worker_threads";
import { unsafeDirectory } from "../errors.ts";
import { checkSocketPath } from "../local/runtime-dir.ts";
import type { HubLimits } from "./limits.ts";

/** What a listener tells. */
export interface ListenerEvents {
  readonly onSocket: (socket: Socket) => void;
  /** Something is wrong with the listening socket; it goes on if it can. */
  readonly onError: (error: Error) => void;
}

/** Takes connections from outside the family and hands over a bounded number of half-open ones. */
export class Listener {
  /** Path of the socket, or name of the pipe. */
  readonly path: string;
  readonly #server: Server;
  readonly #onSocket: (socket: Socket) => void;
  readonly #onError: (error: Error) => void;
  readonly #maxHalfOpen: number;
  /** Accepted, not read from: they cost a descriptor and nothing else. */
  readonly #line: Socket[] = [];
  #halfOpen = 0;
  /** The path is ours to remove. */
  #isPlaced = false;

  constructor(path: string, limits: HubLimits, events: ListenerEvents) {
    this.path = path;
    this.#maxHalfOpen = limits.maxHalfOpen;
    this.#onSocket = events.onSocket;
    this.#onError = events.onError;
    this.#server = createServer({ pauseOnConnect: true }, (socket) => this.#accept(socket));
    this.#server.maxConnections = limits.maxConnections;
  }

  /**
   * Binds under a private name and renames: whoever looks sees the old socket or the new one, and a socket that a killed
   * hub left behind is replaced without a moment in which there is none. The caller holds the lock of the folder.
   */
  async open(): Promise<void> {
    const isPipe = process.platform === "win32";
    const draft = isPipe ? this.path : `${this.path}.${randomBytes(3).toString("hex")}`;
    if (!isPipe) checkSocketPath(draft);
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      // Binding happens inside listen(): the mask holds for it and for nothing else.
      // A worker thread may not change it; there the private folder has to do.
      const mask = isPipe || !isMainThread ? undefined : process.umask(0o177);
      this.#server.listen({ path: draft, backlog: 511 }, resolve);
      if (mask !== undefined) process.umask(mask);
    });
    this.#server.on("error", this.#onError);
    if (isPipe) return;
    try {
      renameSync(draft, this.path);
      this.#isPlaced = true;
    } catch (cause) {
      rmSync(draft, { force: true });
      throw unsafeDirectory(this.path, "the socket cannot be put there", cause);
    }
  }

  /** A connection that was handed over is no longer half-open. */
  settled(): void {
    this.#halfOpen--;
    const next = this.#line.shift();
    if (next !== undefined) this.#hand(next);
  }

  async close(): Promise<void> {
    for (const socket of this.#line) socket.destroy();
    this.#line.length = 0;
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    if (this.#isPlaced) rmSync(this.path, { force: true });
  }

  #accept(socket: Socket): void {
    socket.on("error", () => {});
    if (this.#halfOpen < this.#maxHalfOpen) return this.#hand(socket);
    this.#line.push(socket);
    socket.once("close", () => {
      const index = this.#line.indexOf(socket);
      if (index >= 0) this.#line.splice(index, 1);
    });
  }

  #hand(socket: Socket): void {
    this.#halfOpen++;
    this.#onSocket(socket);
  }
}

/** Where a hub with this private folder listens. A pipe has no folder to protect it, so its name cannot be guessed. */
export function listenPath(dir: string): string {
  return process.platform === "win32"
    ? `\\\\.\\pipe\\elpis-${randomBytes(16).toString("hex")}`
    : join(dir, "hub.sock");
}
